"""Running `with` blocks: gradient switches of torch, and the context managers that the file defines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable as Continuation
from typing import TypeAlias

from modereview.analyze import ir, walk
from modereview.analyze.calls import Calls
from modereview.analyze.ends import Ends
from modereview.analyze.frames import Frame, Given
from modereview.analyze.modules import Modules
from modereview.analyze.names import Names
from modereview.analyze.values import NOTHING, Path, State, Thing, ValueSet
from modereview.records import Source

Body: TypeAlias = Continuation[[State, ValueSet], Ends]  # what runs inside, from what `as` binds
_SWITCHES = ("no_grad", "inference_mode", "enable_grad", "set_grad_enabled")


class Contexts(Calls):
    """The part of the interpreter that knows what happens around a `with` block."""

    def __init__(self, source: Source, names: Names, modules: Modules, block: ir.Block) -> None:
        super().__init__(source, names, modules, block)
        self._waiting: dict[Path, Continuation[[State, ValueSet], list[State]]] = {}

    @abstractmethod
    def execute(self, block: ir.Block, states: list[State], frame: Frame) -> Ends:
        """Run a block from each of the states."""

    def managed(
        self, items: tuple[tuple[ir.Expr, ir.Expr | None], ...], body: ir.Block, state: State, frame: Frame
    ) -> Ends:
        """Run a `with` block: the first manager around all that follows."""
        if not items:
            return self.execute(body, [state], frame)
        (expr, target), rest = items[0], items[1:]

        def inside(entered: State, values: ValueSet) -> Ends:
            bound = self.bind(target, values, entered, frame) if target is not None else entered
            return self.managed(rest, body, bound, frame)

        ends = Ends()
        for before, grad in self._grad_context(expr, state, frame):
            if grad is None:
                ends.add(self._around(expr, inside, before, frame))
            else:
                entered = before.set(("grad",), frozenset({grad}))
                ends.add(inside(entered, NOTHING).with_grad(state.get(("grad",))))
        return ends

    def _grad_context(self, expr: ir.Expr, state: State, frame: Frame) -> list[tuple[State, bool | None]]:
        """What a context manager does to the gradient switch; None if it is none of torch's."""
        if isinstance(expr, ir.Choice):
            return [
                pair
                for s, holds in self.decide(expr.test, state, frame)
                for pair in self._grad_context(expr.then if holds else expr.orelse, s, frame)
            ]
        switch = self.grad_manager(expr)
        if switch == "set_grad_enabled" and isinstance(expr, ir.Call):
            return list(self.grad_argument(expr, state, frame))
        return [(state, None if switch is None else switch == "enable_grad")]

    def grad_manager(self, expr: ir.Expr) -> str | None:
        """The name of a gradient switch of torch: `no_grad` for `torch.no_grad()`, also without the call."""
        origin = self.names.origin(expr.func if isinstance(expr, ir.Call) else expr) or ""
        last = origin.rpartition(".")[2]
        return last if origin.startswith("torch.") and last in _SWITCHES else None

    def _around(self, expr: ir.Expr, inside: Body, state: State, frame: Frame) -> Ends:
        """Any other context manager; one that the file defines is run around the body."""
        generator = self._generator(expr)
        ends = Ends()
        if generator is not None and isinstance(expr, ir.Call):
            for before, given in self.arguments(expr, state, frame):
                ends.add(self._generated(generator, given, expr, inside, before, frame))
            return ends
        for before, values in self.evaluate(expr, state, frame):
            manager = next((v for v in values if isinstance(v, Thing) and v.cls in self.names.classes), None)
            if manager is None or manager.is_module:
                ends.add(inside(before, values))
            else:
                ends.add(self._entered_and_left(manager, expr, inside, before, frame))
        return ends

    def _generator(self, expr: ir.Expr) -> ir.Function | None:
        if not isinstance(expr, ir.Call):
            return None
        function = self.names.functions.get(walk.dotted(expr.func) or "")
        return function if function is not None and function.yields else None

    def _generated(
        self, manager: ir.Function, given: Given, call: ir.Call, inside: Body, state: State, frame: Frame
    ) -> Ends:
        """A generator under `contextmanager`: what follows its `yield` runs whichever way the body ends."""
        left = Ends()

        def at_yield(entered: State, values: ValueSet) -> list[State]:
            body = inside(entered, values)
            left.absorb(body)
            return body.normal

        ends = Ends(self._resumed(manager, given, call, at_yield, state, frame))
        ends.absorb(left, but=("return", "break", "continue"))
        for how in ("return", "break", "continue"):
            for leaving, value in left.left.get(how, ()):
                after = self._resumed(manager, given, call, lambda _, __, s=leaving: [s], state, frame)  # type: ignore[misc]
                for s in after:
                    ends.leave(how, s, value)
        return ends

    def _resumed(
        self,
        manager: ir.Function,
        given: Given,
        call: ir.Call,
        at_yield: Continuation[[State, ValueSet], list[State]],
        state: State,
        frame: Frame,
    ) -> list[State]:
        key = frame.path.then(call.span)
        self._waiting = {**self._waiting, key: at_yield}
        after = self.call_function(manager, None, given, call.span, state, frame)
        self._waiting = {k: v for k, v in self._waiting.items() if k != key}
        return [s for s, _ in after]

    def _entered_and_left(
        self, manager: Thing, expr: ir.Expr, inside: Body, state: State, frame: Frame
    ) -> Ends:
        """An object with `__enter__` and `__exit__`: the latter runs whichever way the body ends."""
        ends = Ends()
        for entered, values in self._method_of(manager, "__enter__", expr, state, frame):
            body = inside(entered, values)
            for s in body.normal:
                ends.normal += [a for a, _ in self._method_of(manager, "__exit__", expr, s, frame)]
            for how, rows in body.left.items():
                for s, value in rows:
                    for after, _ in self._method_of(manager, "__exit__", expr, s, frame):
                        ends.leave(how, after, value)
        return ends

    def _method_of(
        self, thing: Thing, name: str, expr: ir.Expr, state: State, frame: Frame
    ) -> list[tuple[State, ValueSet]]:
        method = self.modules.method(self.names.classes[thing.cls or ""], name)
        if method is None:
            return [(state, NOTHING)]
        return self.call_function(method, thing, Given(), expr.span, state, frame)

    def yielded(self, values: ValueSet, state: State, frame: Frame) -> list[State]:
        """Run the `with` body that waits at this yield, if one does."""
        body = self._waiting.get(frame.path)
        return body(state, values) if body else [state]
