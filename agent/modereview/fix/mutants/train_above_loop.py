"""`train()` at the head of a loop's body moves above the loop: right in the first epoch, wrong after it."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.fix.mutants._fault import Fault
from modereview.fix.switches import switches
from modereview.records import Program
from modereview.rules import lookup


def faults(program: Program) -> Iterator[Fault]:
    """One for each `train()` that is a direct part of a loop."""
    source = program.source
    statements = (each for _, body in lookup.scopes(program) for each in walk.statements(body))
    loops = [each for each in statements if isinstance(each, ir.Loop)]
    for switch in switches(program):
        loop = next((each for each in loops if switch.statement in [part.span for part in each.body]), None)
        if loop is None or not switch.to_train:
            continue
        moved = edits.insert_before(source, loop.span, switch.code)
        cut = edits.remove_statement(source, switch.statement)
        yield Fault(
            f"above the loop:{switch.function}:{switch.code}",
            f"`{switch.code}` at {switch.statement.line} moved above its loop",
            switch.statement,
            switch.function,
            (moved, cut),
        )
