"""Findings -> edits that mend them, each proved before it is kept, and the mutants that tests must catch."""

from modereview.fix.mend import Mended, Tools, mend

__all__ = ["Mended", "Tools", "mend"]
