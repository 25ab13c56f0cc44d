"""Bytes to `Source`: encoding, BOM, newlines and form feeds kept, bad input refused with a sentence."""

from modereview.parse.callers import caller
from modereview.parse.collect import collect
from modereview.parse.read import EmptyError, apply, decode, read
from modereview.parse.root import find_root

<<<<<<< HEAD
__all__ = ["EmptyError", "apply", "collect", "decode", "find_root", "read"]
=======
__all__ = ["apply", "caller", "collect", "decode", "find_root", "read"]
>>>>>>> e732cec (Who else in the project calls an evaluating function is asked before a warning: its review tells the mode)
