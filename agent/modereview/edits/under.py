"""Statements of a block put into a block of their own: under a `with`, an `if`, a `try`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst
from libcst import matchers as m

from modereview.edits.layout import end_of_line, indent_of, lay_out, with_comments_below
from modereview.edits.tree import first_line, place, positions, room_to_recurse
from modereview.records import Edit, Source, Span

_TOOLS = re.compile(r"# ?(%%|fmt:|region|endregion|pylint:|ruff:)")  # comments about what lies between them


def wrap(source: Source, first: Span, last: Span, header: str, footer: str = "") -> tuple[Edit, ...]:
    """The statements from `first` to `last`, both of one block, indented under a header.

    Comments directly above go along, and those that end the last one's own block. What is inside of a string
    of several lines keeps its place, and so do empty lines. A footer (`finally:` and its body) goes behind
    them.

    Raises:
        ValueError: the two do not lie in one block, or it stands on its header's line.
    """
    begin, end = _lines(source, first, last)
    indent = indent_of(source, begin)
    step = source.module.default_indent
    inside = frozenset(_within_strings(source, begin, end))
    head = _at(source.offset(begin, 1), lay_out(source, header, indent) + source.newline + step)
    moved = (
        _at(source.offset(line, 1), step)
        for line in range(begin + 1, end + 1)
        if source.lines[line - 1].strip() and line not in inside
    )
    bottom = end_of_line(source, end)
    tail = [_at(bottom, source.newline + lay_out(source, footer, indent))] if footer else []
    return (head, *moved, *tail)


def _at(offset: int, text: str) -> Edit:
    return Edit(offset, offset, text)


def _lines(source: Source, first: Span, last: Span) -> tuple[int, int]:
    """The first and the last line of two statements of one block."""
    start = place(source, first.line, first.column)
    stop = place(source, last.line, last.column)
    if start.block is not stop.block or isinstance(start.block, cst.SimpleStatementSuite):
        raise ValueError(
            f"no block at {source.name}:{first.line} holds both statements on lines of their own"
        )
    top = first_line(source, start.statement)
    end = with_comments_below(source, positions(source)[stop.statement].end.line, indent_of(source, top))
    return _comments_above(source, top), end


def _comments_above(source: Source, line: int) -> int:
    """The first of the comments that lead up to a line, or the line: those at the file's top are its own."""
    comment, begin = indent_of(source, line) + "#", line
    while begin > 1 and source.lines[begin - 2].startswith(comment):
        if _TOOLS.match(source.lines[begin - 2].lstrip()):
            return begin
        begin -= 1
    return begin if begin > 1 else line


def _within_strings(source: Source, begin: int, end: int) -> Iterator[int]:
    """The lines that start inside of a string: white space there is content."""
    with room_to_recurse():
        strings = m.findall(source.module, m.SimpleString() | m.FormattedString())
    for node in strings:
        where = positions(source)[node]
        if where.start.line < where.end.line and begin <= where.start.line <= end:
            yield from range(where.start.line + 1, where.end.line + 1)
