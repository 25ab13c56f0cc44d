"""`eval()` in front of a training forward, in a file that switches nothing and so has no switch to lose."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.fix.mutants._fault import Fault
from modereview.fix.switches import switches
from modereview.records import Forward, Program


def faults(program: Program) -> Iterator[Fault]:
    """One for each function and model, before the first of its forwards that trains."""
    if switches(program):
        return
    source, seen = program.source, set()
    for forward in program.forwards:
        place = (forward.function, forward.model)
        if place not in seen and _trains_here(program, forward) and _is_name(forward.model):
            seen.add(place)
            yield Fault(
                f"added:{forward.function}:{forward.model}.eval()",
                f"`{forward.model}.eval()` put in before {forward.span.line}",
                forward.span,
                forward.function,
                (edits.insert_before(source, forward.span, f"{forward.model}.eval()"),),
            )


def _trains_here(program: Program, forward: Forward) -> bool:
    """Whether it is a call in a training loop of this file; beyond its last line lie files beside it."""
    in_file = forward.span.line <= len(program.source.lines)
    in_forward = forward.function.rpartition(".")[2] == "forward"
    return forward.role == "train" and forward.network and not forward.by and in_file and not in_forward


def _is_name(model: str) -> bool:
    """Whether it is a model's name, and asking again does nothing: `net`, `self.net`; not `build()`."""
    return not model.endswith(".forward") and all(part.isidentifier() for part in model.split("."))
