"""Running `with` blocks: gradient switches of torch, and the context managers that the file defines."""

from __future__ import annotations

from modereview.analyze import ir
from modereview.analyze.ends import Ends
from modereview.analyze.frames import Frame, Given
from modereview.analyze.generators import Body, Generators
from modereview.analyze.values import NOTHING, Graph, State, Thing, ValueSet


class Contexts(Generators):
    """The part of the interpreter that knows what happens around a `with` block."""

    def managed(
        self, items: tuple[tuple[ir.Expr, ir.Expr | None], ...], block: ir.Block, state: State, frame: Frame
    ) -> Ends:
        """Run a `with` block: the first manager around all that follows."""
        if not items:
            return self.execute(block, [state], frame)
        (expr, target), rest = items[0], items[1:]
        if isinstance(expr, ir.Choice):
            chosen = Ends()
            for s, holds in self.decide(expr.test, state, frame):
                taken = expr.then if holds else expr.orelse
                chosen.add(self.managed(((taken, target), *rest), block, s, frame))
            return chosen

        def inside(entered: State, values: ValueSet) -> Ends:
            bound = self.bind(target, values, entered, frame) if target is not None else entered
            return self.managed(rest, block, bound, frame)

        ends = Ends()
        for before, grad in self._grad_context(expr, state, frame):
            if grad is None:
                ends.add(self._around(expr, inside, before, frame))
            else:
                entered = before.set(("grad",), frozenset({Graph(grad)}))
                body, passed = self.collected(lambda s=entered: inside(s, NOTHING))  # type: ignore[misc]
                ends.add(body.with_grad(state.get(("grad",))))
                self.passes(passed.with_grad(state.get(("grad",))))
        return ends

    def _grad_context(self, expr: ir.Expr, state: State, frame: Frame) -> list[tuple[State, bool | None]]:
        """What a context manager does to the gradient switch; None if it is none of torch's."""
        switch = self.grad_manager(expr)
        if switch == "set_grad_enabled" and isinstance(expr, ir.Call):
            return list(self.grad_argument(expr, state, frame))
        return [(state, None if switch is None else switch == "enable_grad")]

    def _around(self, expr: ir.Expr, inside: Body, state: State, frame: Frame) -> Ends:
        """Any other context manager; one that the file defines is run around the body."""
        ends = Ends()
        generators = self.generators(expr, state, frame)
        for before, generator, call in generators:
            ends.add(self.managed_by(generator, call, inside, before, frame))
        if generators:
            return ends
        for before, values in self.evaluate(expr, state, frame):
            manager = next((v for v in values if isinstance(v, Thing) and v.cls in self.names.classes), None)
            if manager is None or manager.is_module:
                ends.add(inside(before, values))
            else:
                ends.add(self._entered_and_left(manager, expr, inside, before, frame))
        return ends

    def _entered_and_left(
        self, manager: Thing, expr: ir.Expr, inside: Body, state: State, frame: Frame
    ) -> Ends:
        """An object with `__enter__` and `__exit__`: the latter runs whichever way the body ends."""
        ends = Ends()
        for entered, values in self._method_of(manager, "__enter__", expr, state, frame):
            body, passed = self.collected(lambda s=entered, v=values: inside(s, v))  # type: ignore[misc]
            ends.add(self._exited(manager, expr, body, frame))
            self.passes(self._exited(manager, expr, passed, frame))
        return ends

    def _exited(self, manager: Thing, expr: ir.Expr, body: Ends, frame: Frame) -> Ends:
        ends = Ends()
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
