"""Bytes to `Source`: encoding, BOM, newlines and form feeds kept, bad input refused with a sentence."""

from modereview.parse import elsewhere
from modereview.parse.collect import collect
from modereview.parse.read import EmptyError, apply, decode, read
from modereview.parse.root import find_root

__all__ = ["EmptyError", "apply", "collect", "decode", "elsewhere", "find_root", "read"]
