"""`no_grad()` or `inference_mode()` becomes `enable_grad()`: an evaluation that builds the graph."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.fix.mutants._fault import Fault
from modereview.records import Program
from modereview.rules import lookup

_OFF = ("torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad", "torch.autograd.inference_mode")


def faults(program: Program) -> Iterator[Fault]:
    """One for each block and each decorator that switches the graph off."""
    assert program.names is not None
    for function, expr in _off(program):
        name = expr.func if isinstance(expr, ir.Call) else expr
        if program.names.origin(name) not in _OFF:
            continue
        code = program.source.slice(name.span)
        edit = edits.replace(program.source, name.span, "__import__('torch').enable_grad")
        yield Fault(
            f"graph:{function}:{code}",
            f"`{code}` at {name.span.line} turned into `enable_grad`",
            name.span,
            function,
            (edit,),
        )


def _off(program: Program) -> Iterator[tuple[str, ir.Expr]]:
    """(function, context expression or decorator) of all blocks and functions."""
    assert program.names is not None
    for function in program.names.functions.values():
        yield from ((function.name, each) for each in function.decorators)
    for name, body in lookup.scopes(program):
        for statement in walk.statements(body):
            if isinstance(statement, ir.With):
                yield from ((name, item) for item, _ in statement.items)
