"""An argument of a call set to another value or added, a parameter added to a function."""

from __future__ import annotations

import libcst as cst

from modereview.edits.layout import end_of, end_of_line, indent_of, start_of, text_of
from modereview.edits.tree import chain, compound, positions
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
    return _append(source, positions(source)[call].end.line, last, new)


def add_parameter(source: Source, span: Span, parameter: str) -> Edit:
    """The function that starts at the span's line takes `parameter` as well, behind all others.

    Raises:
        ValueError: no function is there, or nothing may stand behind its last parameter.
    """
    function = compound(source, span.line)
    if not isinstance(function, cst.FunctionDef):
        raise ValueError(f"no function at {source.name}:{span.line}")
    given = function.params
    last = [*given.posonly_params, *given.params, *given.kwonly_params]
    takes_all = given.star_kwarg is not None or isinstance(given.star_arg, cst.Param)
    if takes_all or given.posonly_params or (last and getattr(_tail(last[-1]), "lpar", ())):
        raise ValueError(f"`{function.name.value}` takes whatever it is given")
    if not last:
        start = start_of(source, function.whitespace_before_params)
        return Edit(start, start, parameter)
    return _append(
        source, positions(source)[function.whitespace_before_colon].start.line, last[-1], parameter
    )


def give_default(source: Source, span: Span, parameter: str, value: str) -> Edit:
    """A default for a parameter of the function at the span's line that has none.

    Raises:
        ValueError: there is no function, or no such parameter without a default.
    """
    node = compound(source, span.line)
    params = node.params.params if isinstance(node, cst.FunctionDef) else ()
    for param in params:
        if param.name.value == parameter and param.default is None:
            end = end_of(source, _tail(param))
            return Edit(end, end, f" = {value}" if param.annotation else f"={value}")
    raise ValueError(f"no parameter {parameter} without a default at {source.name}:{span.line}")


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


def _append(source: Source, closed: int, last: cst.Arg | cst.Param, new: str) -> Edit:
    """Behind the last one; on a line of its own where that has one, and the list is closed below it."""
    tail = _tail(last)
    end, end_line = end_of(source, tail), positions(source)[tail].end.line
    start = positions(source)[last].start
    before = source.lines[start.line - 1][: start.column]
    rest = source.text[end : end_of_line(source, end_line)]
    closes = rest.lstrip()[:1] not in ("", ",", "#")
    if before.strip() or closes or end_line >= closed:
        return Edit(end, end, f", {new}")
    indent = indent_of(source, start.line)
    if isinstance(last.comma, cst.Comma):
        behind = end + len(rest)
        return Edit(behind, behind, f"{source.newline}{indent}{new},")
    return Edit(end, end + len(rest), f",{rest}{source.newline}{indent}{new}")


def _tail(last: cst.Arg | cst.Param) -> cst.CSTNode:
    """What ends an argument or parameter; libcst's position of a parameter is that of its name."""
    if isinstance(last, cst.Arg):
        return last
    return last.default or last.annotation or last
