"""A mode switch sets the other mode: `eval()` for `train()`, `train(not flag)` for `train(flag)`."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.fix.mutants._fault import Fault
from modereview.fix.switches import Switch, switches
from modereview.records import Program


def faults(program: Program) -> Iterator[Fault]:
    """One for each switch that is a statement of its own."""
    for switch in switches(program):
        yield Fault(
            f"swapped:{switch.function}:{switch.code}",
            f"`{switch.code}` at {switch.statement.line} swapped",
            switch.statement,
            switch.function,
            (edits.replace(program.source, switch.tail, _other(switch)),),
        )


def _other(switch: Switch) -> str:
    if switch.to_train is None:
        return f".train(not ({switch.flag}))"
    return ".eval()" if switch.to_train else ".train()"
