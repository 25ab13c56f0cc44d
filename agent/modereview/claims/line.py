"""What one line does to a model: the file with a call on it left out, its first argument in its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from modereview import parse
from modereview.analyze.torchfacts import says_deliberate
from modereview.fix.switches import span_of
from modereview.records import Edit, Program, Source, Span
from modereview.rules.base import comment_at


def without(source: Source, line: int) -> Iterator[tuple[ast.Call, Source]]:
    """For each call that begins on the line and is given something, the call, and the file without it."""
    calls = [n for n in ast.walk(source.tree) if isinstance(n, ast.Call) and n.lineno == line and n.args]
    for call in sorted(calls, key=lambda each: each.end_col_offset or 0):
        first = call.args[0]
        if not isinstance(first, ast.Starred):
            span = span_of(source, call)
            start, end = (source.offset(*at) for at in (_start(span), _end(span)))
            yield call, parse.apply(source, (Edit(start, end, f"({source.slice(span_of(source, first))})"),))


def broken_rule(call: ast.Call) -> str:
    """The rule that such a call breaks where no mode reaches it; "" where that depends on what is meant.

    Noise is often meant, and what a call of an unknown name does is not known.
    """
    if isinstance(call.func, ast.Call):
        return "MR203"  # a layer that is made where it is called
    name = ast.unparse(call.func)
    function = not name.startswith("self.")  # what `self.drop` is made of decides for itself
    return "MR201" if function and "drop" in name.rpartition(".")[2].lower() else ""


def is_meant(program: Program, line: int, function: str) -> bool:
    """Whether a name around the line, or a comment at it, says that it is done on purpose."""
    return says_deliberate(function) or says_deliberate(comment_at(program, line))


def function_at(program: Program, line: int) -> str:
    """The qualified name of the innermost function around a line; "" at the top level."""

    def inside(body: list[ast.stmt], name: str) -> str:
        named = (n for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef))
        for node in named:
            if node.lineno <= line <= (node.end_lineno or node.lineno):
                return inside(node.body, f"{name}.{node.name}".lstrip("."))
        return name

    return inside(program.source.tree.body, "")


def _start(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column
