"""Where lines start and end in a source, and how new ones are written into it."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from modereview.edits.tree import positions
from modereview.records import Edit, Source

_STEP = " " * 4  # a level of indentation in the statements that callers give


def indent_of(source: Source, line: int) -> str:
    """The white space a line starts with."""
    text = source.lines[line - 1]
    return text[: len(text) - len(text.lstrip(" \t"))]


def end_of_line(source: Source, line: int) -> int:
    """Index in `text` of a line's end, before its newline."""
    return source.offset(line, len(source.lines[line - 1]) + 1)


def with_comments_below(source: Source, line: int, indent: str) -> int:
    """The last of the comments behind a line that are deeper than `indent`: they end the block above."""
    last = line
    for number in range(line + 1, len(source.lines) + 1):
        text, own = source.lines[number - 1], indent_of(source, number)
        if text.strip() and not (text.startswith(own + "#") and own.startswith(indent) and own != indent):
            break
        last = number if text.strip() else last
    return last


def start_of(source: Source, node: cst.CSTNode) -> int:
    """Index in `text` of a node's start; parentheses around an expression are not part of it."""
    where = positions(source)[node].start
    return source.offset(where.line, where.column + 1)


def end_of(source: Source, node: cst.CSTNode) -> int:
    """Index in `text` of a node's end."""
    where = positions(source)[node].end
    return source.offset(where.line, where.column + 1)


def text_of(source: Source, node: cst.CSTNode) -> str:
    """A node as it stands in `text`."""
    return source.text[start_of(source, node) : end_of(source, node)]


def lay_out(source: Source, statement: str, indent: str) -> str:
    """A statement with the file's newlines and indentation, the last line open."""
    return source.newline.join(_indented(source, line, indent) for line in statement.split("\n"))


def _indented(source: Source, line: str, indent: str) -> str:
    body = line.lstrip(" ")
    levels, rest = divmod(len(line) - len(body), len(_STEP))
    return indent + source.module.default_indent * levels + " " * rest + body if body else ""


def after_line(source: Source, statement: str, indent: str) -> str:
    """What to write at the end of a line to have the statement on the next."""
    return source.newline + lay_out(source, statement, indent)


def together(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits made apart as one change: what several insert at one place is written in their order."""
    joined: dict[int, Edit] = {}
    others = []
    for edit in edits:
        if edit.start != edit.end:
            others.append(edit)
            continue
        before = joined.get(edit.start, Edit(edit.start, edit.start, ""))
        joined[edit.start] = Edit(edit.start, edit.start, before.replacement + edit.replacement)
    return tuple(sorted([*others, *joined.values()]))
