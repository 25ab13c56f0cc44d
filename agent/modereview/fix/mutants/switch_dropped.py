"""A mode switch goes: `model.eval()`, `model.train(was_training)`."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.fix.mutants._fault import Fault
from modereview.fix.switches import switches
from modereview.records import Program


def faults(program: Program) -> Iterator[Fault]:
    """One for each switch that is a statement of its own."""
    for switch in switches(program):
        yield Fault(
            f"dropped:{switch.function}:{switch.code}",
            f"`{switch.code}` at {switch.statement.line} dropped",
            switch.statement,
            switch.function,
            (edits.remove_statement(program.source, switch.statement),),
        )
