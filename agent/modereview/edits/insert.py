"""A statement put first into a body, before or after another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import libcst as cst

from modereview.edits.layout import (
    after_line,
    end_of,
    end_of_line,
    indent_of,
    lay_out,
    start_of,
    with_comments_below,
)
from modereview.edits.tree import Place, compound, first_line, place, positions
from modereview.records import Edit, Source, Span


def insert_first(source: Source, span: Span, statement: str) -> Edit:
    """First in the body of the statement that starts at the span's line, behind a docstring and `global`.

    A comment that tells the types of a function stays behind its header, as type checkers want it; another
    above the old first statement stays with it.
    """
    owner = compound(source, span.line)
    body = owner.body
    head = _head(owner)
    if isinstance(body, cst.SimpleStatementSuite):
        place_ = Place(owner, body, body.body[0])
        return _open_after_first(source, place_, statement) if head else _open(source, place_, statement)
    if not isinstance(body, cst.IndentedBlock):
        raise ValueError(f"the statement at {source.name}:{span.line} has no body to insert into")
    first = positions(source)[body.body[0]]
    header = positions(source)[body.header].start.line
    indent = indent_of(source, first.start.line)
    typed = source.lines[header].lstrip().startswith("# type: (")
    end = end_of_line(source, positions(source)[head[-1]].end.line if head else header + typed)
    return Edit(end, end, after_line(source, statement, indent))


def insert_before(source: Source, span: Span, statement: str) -> Edit:
    """Before the innermost statement that holds the span's start; before the whole line in `a; b`."""
    where = place(source, span.line, span.column)
    if isinstance(where.block, cst.SimpleStatementSuite):
        return _open(source, where, statement)
    line = first_line(source, where.statement)
    start = source.offset(line, 1)
    return Edit(start, start, lay_out(source, statement, indent_of(source, line)) + source.newline)


def insert_after(source: Source, span: Span, statement: str) -> Edit:
    """After the innermost statement that holds the span's start and all of its body.

    In `a; b` that is after the whole line.
    """
    where = place(source, span.line, span.column)
    if isinstance(where.block, cst.SimpleStatementSuite):
        return _open_and_append(source, where, statement)
    return append(source, where.statement, statement)


def append(source: Source, node: cst.CSTNode, statement: str) -> Edit:
    """Behind the last line of a statement that starts a line, and the last comment of its own blocks."""
    indent = indent_of(source, first_line(source, node))
    end = end_of_line(source, with_comments_below(source, positions(source)[node].end.line, indent))
    return Edit(end, end, after_line(source, statement, indent))


def _head(owner: cst.BaseCompoundStatement) -> list[cst.CSTNode]:
    """The statements that a body has to begin with: its docstring, and what names are declared before use."""
    statements: Sequence[cst.CSTNode] = owner.body.body
    documented = isinstance(owner, (cst.FunctionDef, cst.ClassDef)) and _is_string(statements[0])
    declared = takewhile(_declares, statements[documented:])
    return [*statements[:documented], *declared]


def _is_string(statement: cst.CSTNode) -> bool:
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else statement
    return isinstance(small, cst.Expr) and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString))


def _declares(statement: cst.CSTNode) -> bool:
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else statement
    return isinstance(small, (cst.Global, cst.Nonlocal))


def _open(source: Source, where: Place, statement: str) -> Edit:
    """`for x in y: f(x)` becomes a block with the statement first."""
    start, indent = _behind_colon(source, where)
    new = after_line(source, statement, indent) + source.newline + indent
    return Edit(start, start_of(source, where.block), new)


def _open_after_first(source: Source, where: Place, statement: str) -> Edit:
    """`def f(): "doc"; return x` becomes a block with the statement second."""
    start, indent = _behind_colon(source, where)
    small = where.block.body
    first = source.newline + indent + source.text[start_of(source, small[0]) : end_of(source, small[0])]
    new = first + after_line(source, statement, indent)
    if len(small) == 1:
        return Edit(start, end_of(source, small[0]), new)
    return Edit(start, start_of(source, small[1]), new + source.newline + indent)


def _open_and_append(source: Source, where: Place, statement: str) -> Edit:
    """`for x in y: f(x)` becomes a block with the statement last; a comment stays with `f(x)`."""
    start, indent = _behind_colon(source, where)
    end = end_of_line(source, positions(source)[where.block].end.line)
    old = source.newline + indent + source.text[start_of(source, where.block) : end]
    return Edit(start, end, old + after_line(source, statement, indent))


def _behind_colon(source: Source, where: Place) -> tuple[int, str]:
    """Index in `text` behind a header's colon, and the indentation of the block to be opened."""
    assert isinstance(where.block, cst.SimpleStatementSuite) and where.owner is not None
    outer = indent_of(source, positions(source)[where.owner].start.line)
    return start_of(source, where.block.leading_whitespace), outer + source.module.default_indent
