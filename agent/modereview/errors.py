"""The two errors that reach the user as a sentence; the command line turns them into exit codes."""

from __future__ import annotations


class InputError(Exception):
    """What the user gave cannot be reviewed. `str(error)` says what, where and what to do. Exit 2."""


class ToolError(Exception):
    """A part is missing or modereview itself failed; the sentence says which. Exit 3."""
