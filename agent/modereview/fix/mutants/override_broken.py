"""A class's own `train` ignores the mode that it is given, or returns nothing."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.fix.mutants._fault import Fault, method
from modereview.records import Edit, Program, Span


def faults(program: Program) -> Iterator[Fault]:
    """One for each `super().train(mode)`, and one for each value that the override returns."""
    for module in program.modules:
        for name in ("train", "eval"):
            own = method(program, module, name)
            if own is not None:
                yield from _broken(program, own)


def _broken(program: Program, own: ir.Function) -> Iterator[Fault]:
    for statement in walk.statements(own.body):
        yield from _deaf(program, own, statement)
        if isinstance(statement, ir.Leave) and statement.how == "return" and statement.value:
            yield _returns_nothing(program, own, statement)


def _deaf(program: Program, own: ir.Function, statement: ir.Stmt) -> Iterator[Fault]:
    for call in walk.calls((statement,)):
        named = isinstance(call.func, ir.Attr) and call.func.name == "train"
        if named and len(call.args) == 1 and isinstance(call.args[0], ir.Name):
            edit = edits.replace(program.source, call.args[0].span, "True")
            yield _fault(own, f"`mode` at {call.span.line} taken for True", call.span, "deaf", edit)


def _returns_nothing(program: Program, own: ir.Function, statement: ir.Leave) -> Fault:
    """The value is still computed: `return super().train(mode)` switches."""
    end = Span(statement.span.line, statement.span.column, *_after_keyword(statement.span))
    edit = edits.replace(program.source, end, "_ =")
    what = f"`{program.source.slice(statement.span)}` at {statement.span.line} returns nothing"
    return _fault(own, what, statement.span, "returns nothing", edit)


def _after_keyword(span: Span) -> tuple[int, int]:
    return span.line, span.column + len("return")


def _fault(own: ir.Function, what: str, span: Span, kind: str, edit: Edit) -> Fault:
    return Fault(f"{kind}:{own.name}", what, span, own.name, (edit,))
