"""An argument of a call set to another value, or added."""

from __future__ import annotations

import libcst as cst

from modereview.edits.layout import end_of, end_of_line, indent_of, start_of, text_of
from modereview.edits.tree import chain, positions
from modereview.records import Edit, Source, Span


def set_argument(source: Source, span: Span, keyword: str, value: str, position: int | None = None) -> Edit:
    """The call at the span gets `keyword=value`.

    The value given by keyword is replaced, else the one given as positional argument number `position`
    (from 0), else the argument is added behind the last.
    """
    call = _call(source, span)
    old = _given(call, keyword, position)
    if old is not None:
        return Edit(start_of(source, old.value), end_of(source, old.value), value)
    new = f"{keyword}={value}"
    if not call.args:
        start = start_of(source, call.whitespace_before_args)
        return Edit(start, start, new)
    last = call.args[-1]
    if isinstance(last.value, cst.GeneratorExp) and not last.value.lpar:
        return Edit(start_of(source, last), end_of(source, last), f"({text_of(source, last)}), {new}")
    return _append(source, call, last, new)


def _call(source: Source, span: Span) -> cst.Call:
    for node in chain(source, span.line, span.column):
        if isinstance(node, cst.Call) and _span(source, node) == span:
            return node
    raise ValueError(f"no call at {source.name}:{span.line}:{span.column}")


def _span(source: Source, node: cst.CSTNode) -> Span:
    where = positions(source)[node]
    return Span(where.start.line, where.start.column + 1, where.end.line, where.end.column + 1)


def _given(call: cst.Call, keyword: str, position: int | None) -> cst.Arg | None:
    """The argument that sets the parameter now, as far as the call shows it."""
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == keyword:
            return arg
    if position is None or position >= len(call.args):
        return None
    plain = all(arg.keyword is None and not arg.star for arg in call.args[: position + 1])
    return call.args[position] if plain else None


def _append(source: Source, call: cst.Call, last: cst.Arg, new: str) -> Edit:
    """Behind the last argument; on a line of its own where that one has a line of its own."""
    end = end_of(source, last)
    where = positions(source)[last]
    before = source.lines[where.start.line - 1][: where.start.column]
    alone = not before.strip() and where.end.line < positions(source)[call].end.line
    if not alone:
        return Edit(end, end, f", {new}")
    rest = source.text[end : end_of_line(source, where.end.line)]
    indent = indent_of(source, where.start.line)
    if isinstance(last.comma, cst.Comma):
        start = end + len(rest)
        return Edit(start, start, f"{source.newline}{indent}{new},")
    return Edit(end, end + len(rest), f",{rest}{source.newline}{indent}{new}")
