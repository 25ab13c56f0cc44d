r"""The smallest edits of a user's file, found through libcst.

Each function takes a `Source` and spans of its `code` and gives `Edit`s of its `text`, so that whatever
lies outside an edit stays byte for byte. A statement to insert is given with "\n" between its lines and
four spaces a level; it is written with the file's own newline and indentation.

They raise ValueError where nothing of the kind they edit lies at the span.
"""

from modereview.edits.arguments import set_argument
from modereview.edits.classes import free_name, insert_in_init
from modereview.edits.insert import insert_after, insert_before, insert_first
from modereview.edits.remove import remove_statement, replace

__all__ = [
    "free_name",
    "insert_after",
    "insert_before",
    "insert_first",
    "insert_in_init",
    "remove_statement",
    "replace",
    "set_argument",
]
