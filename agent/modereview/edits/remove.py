"""A stretch replaced, or a statement taken away."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from modereview.edits.layout import end_of, end_of_line, indent_of, start_of
from modereview.edits.tree import Place, first_line, place, positions
from modereview.records import Edit, Source, Span


def replace(source: Source, span: Span, text: str) -> Edit:
    """Other text at a span."""
    start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
    return Edit(start, end, text.replace("\n", source.newline))


def remove_statement(source: Source, span: Span) -> Edit:
    """The innermost statement that holds the span's start goes; `pass` where its block would be empty.

    Of `a; b` only the one at the span goes. A comment behind a statement goes with its line.
    """
    where = place(source, span.line, span.column)
    small = _beside(where)
    if len(small) > 1:
        return _cut(source, small, source.offset(span.line, span.column))
    if len(where.block.body) > 1:
        return _cut_lines(source, where.statement)
    line = first_line(source, where.statement)
    decorated = line != positions(source)[where.statement].start.line
    start = (
        source.offset(line, len(indent_of(source, line)) + 1)
        if decorated
        else start_of(source, where.statement)
    )
    return Edit(start, end_of(source, where.statement), "pass")


def _beside(where: Place) -> Sequence[cst.BaseSmallStatement]:
    """The statements that share a line with semicolons."""
    line = where.block if isinstance(where.block, cst.SimpleStatementSuite) else where.statement
    return line.body if isinstance(line, (cst.SimpleStatementSuite, cst.SimpleStatementLine)) else ()


def _cut(source: Source, small: Sequence[cst.BaseSmallStatement], at: int) -> Edit:
    """One of several statements on a line, with the semicolon that parts it from its neighbour."""
    index = max(i for i, node in enumerate(small) if i == 0 or start_of(source, node) <= at)
    if index + 1 < len(small):
        return Edit(start_of(source, small[index]), start_of(source, small[index + 1]), "")
    return Edit(end_of(source, small[index - 1]), end_of(source, small[index]), "")


def _cut_lines(source: Source, node: cst.CSTNode) -> Edit:
    """Its lines; of a function or class the empty ones above it, too, which part it from what is there."""
    first, last = first_line(source, node), positions(source)[node].end.line
    while (
        isinstance(node, cst.FunctionDef | cst.ClassDef) and first > 2 and not source.lines[first - 2].strip()
    ):
        first -= 1
    if last < len(source.lines):
        return Edit(source.offset(first, 1), source.offset(last + 1, 1), "")
    return Edit(end_of_line(source, first - 1), end_of_line(source, last), "")
