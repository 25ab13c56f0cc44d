"""Where the ways to a forward and to the switch behind its mode part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.records import Forward, Program, Span


@dataclass(frozen=True)
class Meeting:
    """The innermost function that leads both to a forward and to the switch behind its mode."""

    function: str  # "" for the top level
    body: ir.Block
    depth: int  # how many calls lead to it
    forward: Span  # in `body`: the forward, or the call that leads to it
    switch: Span  # in `body`: the switch, or the call that leads to it

    @property
    def loop(self) -> ir.Loop | None:
        """The innermost loop that holds both."""
        both = (
            s
            for s in walk.statements(self.body)
            if isinstance(s, ir.Loop)
            and walk.within(self.forward, s.span)
            and walk.within(self.switch, s.span)
        )
        return max(both, key=lambda loop: loop.span, default=None)

    @property
    def within_epoch(self) -> bool:
        """Whether a pass of that loop is a step, not an epoch: it runs over data and trains directly."""
        loop = self.loop
        return (
            loop is not None
            and is_over_data(loop)
            and not any(
                isinstance(s, ir.Loop) and walk.within(self.forward, s.span)
                for s in walk.statements(loop.body)
            )
        )


def meeting(program: Program, forward: Forward) -> Meeting | None:
    """Where the ways to a forward and to its switch part.

    None where no switch set the mode, or where they part in a neighbour: one call here leads to both.
    """
    if forward.switch is None:
        return None
    trail, switched = (*forward.path, forward.span), (*forward.switch_path, forward.switch)
    depth = _common(trail, switched)
    if forward.switch_through:  # one call may lead to both, by what it happens to call: `phases[name](model)`
        depth = min(depth, _common(forward.through, forward.switch_through))
    if depth >= min(len(trail), len(switched)):
        return None
    function = forward.through[depth - 1] if depth else ""
    return Meeting(function, body_of(program, function), depth, trail[depth], switched[depth])


def is_over_data(loop: ir.Loop) -> bool:
    """Whether a loop goes over something, rather than counts: a pass is a step, not an epoch."""
    counts = isinstance(loop.iterable, ir.Call) and walk.dotted(loop.iterable.func) in ("range", "trange")
    return loop.iterable is not None and not counts


def body_of(program: Program, function: str) -> ir.Block:
    """The statements of a function by its qualified name; of the top level for ""."""
    if not function:
        return program.block
    assert program.names is not None
    known = program.names.functions.get(function)  # one of a file beside this one is not here
    return known.body if known is not None else ()


def _common(a: Iterable[object], b: Iterable[object]) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count
