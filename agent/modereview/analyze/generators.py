"""Running generators of the file: under `contextmanager`, or in a loop whose body runs at each `yield`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable as Continuation
from typing import TypeAlias, TypeVar

from modereview.analyze import ir, walk
from modereview.analyze.calls import Calls
from modereview.analyze.ends import Ends
from modereview.analyze.frames import Frame, Given
from modereview.analyze.linking import Linked
from modereview.analyze.modules import Modules
from modereview.analyze.values import Callable, Path, State, ValueSet

T = TypeVar("T")
Body: TypeAlias = Continuation[[State, ValueSet], Ends]  # what runs inside, from what is yielded
_Resume: TypeAlias = Continuation[[State, ValueSet], list[State]]
_CLOSED = "closed "  # what leaves a loop closes its generator, which then runs its `finally` blocks only


class Generators(Calls):
    """The part of the interpreter that leaves a function half way, by `yield` or by an exception.

    An exception in a called function cannot come back as a value: `passing` collects the states that it
    carries, for the `try` or `with` around the call.
    """

    def __init__(self, linked: Linked, modules: Modules, side_by_side: int) -> None:
        super().__init__(linked, modules, side_by_side)
        self._waiting: dict[Path, _Resume] = {}
        self._passing: Ends | None = None

    @abstractmethod
    def execute(self, block: ir.Block, states: list[State], frame: Frame) -> Ends:
        """Run a block from each of the states."""

    def collected(self, run: Continuation[[], T]) -> tuple[T, Ends]:
        """What a run gives, and the states that exceptions carried out of the calls in it."""
        outer, self._passing = self._passing, Ends()
        try:
            return run(), self._passing
        finally:
            self._passing = outer

    def passes(self, ends: Ends) -> None:
        """Hand on what leaves by an exception to whatever stands around the call."""
        if self._passing is not None:
            self._passing.absorb(ends)

    def generators(
        self, expr: ir.Expr | None, state: State, frame: Frame
    ) -> list[tuple[State, Callable, ir.Call]]:
        """The generator functions of the file that a call makes a generator of, each with its state."""
        if not isinstance(expr, ir.Call) or not self._may_yield(expr.func):
            return []
        rows = [
            (s, v, expr)
            for s, values in self.evaluate(expr.func, state, frame)
            for v in values
            if isinstance(v, Callable)
        ]
        return rows if all(v.function.yields for _, v, _ in rows) else []

    def _may_yield(self, func: ir.Expr) -> bool:
        last = func.name if isinstance(func, ir.Attr) else walk.dotted(func)
        return any(f.yields and f.short == last for f in self.names.functions.values())

    def managed_by(self, manager: Callable, call: ir.Call, inside: Body, state: State, frame: Frame) -> Ends:
        """A generator under `contextmanager`: what follows its `yield` runs whichever way the body ends."""
        ends = Ends()
        for before, given in self.arguments(call, state, frame):
            left = Ends()

            def at_yield(entered: State, values: ValueSet, left: Ends = left) -> list[State]:
                body = inside(entered, values)
                self.passes(Ends(left={"raise": body.left.pop("raise", [])}))
                left.absorb(body)
                return body.normal

            ends.add(self._resumed(manager, given, call, at_yield, before, frame))
            for how, rows in left.left.items():
                for leaving, value in rows:
                    again = self._resumed(manager, given, call, lambda _, __, s=leaving: [s], before, frame)  # type: ignore[misc]
                    for s in again.normal:
                        ends.leave(how, s, value)
        return ends

    def looped_over(self, maker: Callable, call: ir.Call, inside: Body, state: State, frame: Frame) -> Ends:
        """A loop over a generator: its own code runs between the passes, and a `break` closes it."""

        def at_yield(entered: State, values: ValueSet) -> list[State]:
            body = inside(entered, values)
            raised = body.left.pop("raise", [])
            closed = {_CLOSED + how: rows for how, rows in body.left.items()}
            self.passes(Ends(left={"raise": raised, **closed}))
            return body.normal

        ends = Ends()
        for before, given in self.arguments(call, state, frame):
            ran = self._resumed(maker, given, call, at_yield, before, frame)
            ends.normal += ran.normal
            ends.absorb(Ends(left={how.removeprefix(_CLOSED): rows for how, rows in ran.left.items()}))
        return ends

    def _resumed(
        self, maker: Callable, given: Given, call: ir.Call, at_yield: _Resume, state: State, frame: Frame
    ) -> Ends:
        """Run a generator to its end, with something to do at each `yield`."""
        key = frame.path.then(call.span)
        before, self._waiting = self._waiting, {**self._waiting, key: at_yield}
        after, passed = self.collected(
            lambda: self.call_function(
                maker.function, maker.self_value, given, call.span, state, frame, maker.frame
            )
        )
        self._waiting = before
        return Ends([s for s, _ in after], passed.without_names(key).left)

    def yielded(self, values: ValueSet, state: State, frame: Frame) -> list[State]:
        """Run the body that waits at this yield, if one does."""
        body = self._waiting.get(frame.path)
        return body(state, values) if body else [state]

    def left_by_exception(self, ends: Ends, frame: Frame) -> None:
        """A function ended otherwise than by `return`: its caller's surroundings see the state."""
        left = {how: rows for how, rows in ends.left.items() if how not in ("return", "break", "continue")}
        if left:
            self.passes(Ends(left=left).without_names(frame.path))
