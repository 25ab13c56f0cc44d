"""Findings -> edits that mend them, each proved before it is kept, and the mutants that tests must catch."""

from modereview.fix.attempt import Tools
from modereview.fix.mend import Mended, mend, suggest, taken_back

__all__ = ["Mended", "Tools", "mend", "suggest", "taken_back"]
