r"""The smallest edits of a user's file, found through libcst.

Each function takes a `Source` and spans of its `code` and gives `Edit`s of its `text`, so that whatever
lies outside an edit stays byte for byte. A statement to insert is given with "\n" between its lines and
four spaces a level; it is written with the file's own newline and indentation.

They raise ValueError where nothing of the kind they edit lies at the span. Each is loaded when it is first
used: libcst takes longer to import than most files take to review, and a run that only reads edits nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modereview.edits.arguments import add_parameter, give_default, set_argument
    from modereview.edits.classes import free_name, insert_in_init, insert_method, rename_method
    from modereview.edits.imports import add_import
    from modereview.edits.insert import insert_after, insert_before, insert_first
    from modereview.edits.layout import together
    from modereview.edits.remove import remove_statement, replace
    from modereview.edits.under import wrap

_HOMES = {
    "add_import": "imports",
    "add_parameter": "arguments",
    "free_name": "classes",
    "give_default": "arguments",
    "insert_after": "insert",
    "insert_before": "insert",
    "insert_first": "insert",
    "insert_in_init": "classes",
    "insert_method": "classes",
    "remove_statement": "remove",
    "rename_method": "classes",
    "replace": "remove",
    "set_argument": "arguments",
    "together": "layout",
    "wrap": "under",
}

__all__ = [
    "add_import",
    "add_parameter",
    "free_name",
    "give_default",
    "insert_after",
    "insert_before",
    "insert_first",
    "insert_in_init",
    "insert_method",
    "remove_statement",
    "rename_method",
    "replace",
    "set_argument",
    "together",
    "wrap",
]


def __getattr__(name: str) -> object:
    """Import a function from its home when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'modereview.edits' has no attribute {name!r}")
    return getattr(import_module(f"modereview.edits.{_HOMES[name]}"), name)
