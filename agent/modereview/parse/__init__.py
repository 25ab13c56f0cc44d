"""Bytes to `Source`: encoding, BOM, newlines and form feeds kept, bad input refused with a sentence."""

from modereview.parse.collect import collect
from modereview.parse.read import Content, apply, decode, lay_out, load, read
from modereview.parse.root import find_root

__all__ = ["Content", "apply", "collect", "decode", "find_root", "lay_out", "load", "read"]
