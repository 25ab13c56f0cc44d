"""A seed is lost: a generator made without it, or one of the generators that a seeding function forgets."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.fix.mutants._fault import Fault
from modereview.records import Edit, Program
from modereview.rules import lookup
from modereview.rules.seeds import SEEDS, seeds_by_name

_GENERATORS = ("numpy.random.default_rng", "numpy.random.RandomState", "random.Random")
_SEEN = frozenset({"random", "numpy", "torch"})  # the generators that a test can look at without a GPU


def faults(program: Program) -> Iterator[Fault]:
    """One for each seeded generator of a function, and each seed that a seeding function sets."""
    yield from _generators(program)
    for function, body in lookup.scopes(program):
        for statement in walk.statements(body) if seeds_by_name(function) else ():
            if isinstance(statement, ir.Do) and isinstance(statement.value, ir.Call):
                yield from _seed(program, function, statement.value)


def _generators(program: Program) -> Iterator[Fault]:
    for function, call, origin in lookup.calls(program):
        if function and origin in _GENERATORS and len(call.args) == 1 and not call.kwargs:
            edit = edits.replace(program.source, call.args[0].span, "None")
            yield _fault(program, function, call, "made without its seed", edit)


def _seed(program: Program, function: str, call: ir.Call) -> Iterator[Fault]:
    origin = (program.names.origin(call.func) if program.names else None) or ""
    if SEEDS.get(origin) in _SEEN and "state" not in origin:
        edit = edits.remove_statement(program.source, call.span)
        yield _fault(program, function, call, "dropped", edit)


def _fault(program: Program, function: str, call: ir.Call, what: str, edit: Edit) -> Fault:
    code = program.source.slice(call.func.span)
    return Fault(
        f"seed:{function}:{code}",
        f"`{code}(...)` at {call.span.line} {what}",
        call.span,
        function,
        (edit,),
    )
