"""Running statements: branches, loops to a fixed point, `with`, `try`, and functions of the file."""

from __future__ import annotations

from collections.abc import Callable as Continuation
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from modereview.analyze import ir, walk
from modereview.analyze.calls import Calls
from modereview.analyze.frames import Evaluated, Frame, Given
from modereview.analyze.joining import STATES, join, joined_values, without_idle_assumptions
from modereview.analyze.modules import Modules
from modereview.analyze.names import Names
from modereview.analyze.truths import elements, results
from modereview.analyze.values import (
    NOTHING,
    Callable,
    State,
    Thing,
    ValueSet,
    merge,
)
from modereview.records import Source

_PASSES = 10  # of a loop, before its states are merged


@dataclass
class Ends:
    """How a block ends: the states that fall through, and those that leave it."""

    normal: list[State] = field(default_factory=list)
    left: dict[str, list[tuple[State, ValueSet]]] = field(default_factory=dict)

    def leave(self, how: str, state: State, value: ValueSet = NOTHING) -> None:
        """Note a state that leaves by return, raise, break or continue."""
        self.left.setdefault(how, []).append((state, value))

    def absorb(self, other: Ends, *, but: tuple[str, ...] = ()) -> None:
        """Take over how an inner block leaves, some ways excepted."""
        for how, states in other.left.items():
            if how not in but:
                self.left.setdefault(how, []).extend(states)

    def states(self, how: str) -> list[State]:
        """The states that left in one way."""
        return [s for s, _ in self.left.get(how, ())]


class Statements(Calls):
    """The part of the interpreter that runs blocks."""

    def __init__(self, source: Source, names: Names, modules: Modules, block: ir.Block) -> None:
        super().__init__(source, names, modules, block)
        self._block = block
        self._continuations: dict[tuple[object, ...], Continuation[[State], list[State]]] = {}

    def execute(self, block: ir.Block, states: list[State], frame: Frame) -> Ends:
        """Run a block from each of the states."""
        ends = Ends(normal=join(states))
        for statement in block:
            if not ends.normal:
                break
            before, ends.normal = ends.normal, []
            for state in before:
                after = self.statement(statement, state, frame)
                ends.normal += after.normal
                ends.absorb(after)
            ends.normal = join(ends.normal)
        return ends

    def statement(self, statement: ir.Stmt, state: State, frame: Frame) -> Ends:
        """Run one statement from one state."""
        match statement:
            case ir.Assign(targets, value):
                return Ends(self._assign(targets, value, state, frame))
            case ir.Do(value):
                return Ends([s for s, _ in self.evaluate(value, state, frame)])
            case ir.If(test, body, orelse):
                return self._branch(test, body, orelse, state, frame)
            case ir.Loop():
                return self._loop(statement, state, frame)
            case ir.With(items, body):
                return self._with(items, body, state, frame)
            case ir.Try():
                return self._try(statement, state, frame)
            case ir.Leave(how, value):
                ends = Ends()
                for s, v in self.evaluate(value, state, frame) if value else [(state, NOTHING)]:
                    ends.leave(how, s, v)
                return ends
            case ir.Define(function):
                return Ends(self._define(function, state, frame))
            case _:
                return Ends([state])

    def _assign(
        self, targets: tuple[ir.Expr, ...], value: ir.Expr, state: State, frame: Frame
    ) -> list[State]:
        states = []
        for after, values in self.evaluate(value, state, frame):
            renamed = _named(values, targets)
            for target in targets:
                after = self.bind(target, renamed, after, frame)
            states.append(after)
        return states

    def _branch(self, test: ir.Expr, body: ir.Block, orelse: ir.Block, state: State, frame: Frame) -> Ends:
        ends = Ends()
        for after, holds in self.decide(test, state, frame):
            inner = self.execute(body if holds else orelse, [after], frame)
            ends.normal += inner.normal
            ends.absorb(inner)
        ends.normal = without_idle_assumptions(ends.normal, state)
        return ends

    def _define(self, function: ir.Function, state: State, frame: Frame) -> list[State]:
        value: ValueSet = frozenset({Callable(function, None, frame.path)})
        for decorator in reversed(function.decorators):
            name = walk.dotted(decorator)
            wrapper = self.names.functions.get(name or "")
            if wrapper is not None:
                wrapped = self.call_function(wrapper, None, Given((value,)), decorator.span, state, frame)
                value = frozenset(v for _, vs in wrapped for v in vs if isinstance(v, Callable)) or value
        return [state.set(("name", frame.path, function.short), value)]

    def _loop(self, loop: ir.Loop, state: State, frame: Frame) -> Ends:
        ends = Ends()
        for before, values in (
            self.evaluate(loop.iterable, state, frame) if loop.iterable else [(state, NOTHING)]
        ):
            known = elements(values) if loop.target is not None else ()
            inner = (
                self._unrolled(loop, known, before, frame)
                if known
                else self._repeated_loop(loop, results(values), before, frame)
            )
            if loop.orelse and inner.normal:
                after = self.execute(loop.orelse, inner.normal, frame)
                inner.normal = after.normal
                ends.absorb(after)
            ends.normal += inner.normal + inner.states("break")
            ends.absorb(inner, but=("break",))
        return ends

    def _unrolled(self, loop: ir.Loop, known: tuple[ValueSet, ...], state: State, frame: Frame) -> Ends:
        """A loop over a display: once for each element, in order. The phase idiom needs this."""
        ends, states = Ends(), [state]
        assert loop.target is not None
        for element in known:
            starts = [self.bind(loop.target, element, s, frame) for s in states]
            inner = self.execute(loop.body, starts, frame)
            states = join(inner.normal + inner.states("continue"))
            ends.absorb(inner, but=("continue",))
        ends.normal = states
        return ends

    def _repeated_loop(self, loop: ir.Loop, data: ValueSet, state: State, frame: Frame) -> Ends:
        """Any other loop: until a pass brings no state that was not seen before."""
        ends = Ends()
        seen: set[State] = set()
        after: list[State] = []
        frontier = [state]
        for turn in range(_PASSES):
            starts, leaving = self._next_pass(loop, data, frontier, frame)
            ends.normal += leaving
            inner = self.execute(loop.body, starts, frame)
            ends.absorb(inner, but=("continue",))
            after = join(inner.normal + inner.states("continue"))
            if loop.test is None:
                ends.normal += after
            seen |= set(frontier)
            frontier = [s for s in after if s not in seen]
            if not frontier:
                break
            if len(seen) > STATES or turn == _PASSES - 2:
                frontier = [merge([*seen, *frontier])]
        if loop.test is not None:
            ends.normal += [s for f in after for s, holds in self.decide(loop.test, f, frame) if not holds]
        ends.normal = join(ends.normal)
        return ends

    def _next_pass(
        self, loop: ir.Loop, data: ValueSet, frontier: list[State], frame: Frame
    ) -> tuple[list[State], list[State]]:
        """States that enter the body, and those that a `while` test turns away."""
        if loop.test is not None:
            decided = [d for s in frontier for d in self.decide(loop.test, s, frame)]
            return [s for s, holds in decided if holds], []
        if loop.target is None:
            return frontier, []
        return [self.bind(loop.target, data, s, frame) for s in frontier], []

    def _try(self, statement: ir.Try, state: State, frame: Frame) -> Ends:
        ends = Ends()
        body = self.execute(statement.body, [state], frame)
        # An exception may come before the body did anything, or after all of it.
        caught = [state, *body.normal, *body.states("raise")]
        after = self.execute(statement.orelse, body.normal, frame) if statement.orelse else body
        whole = Ends(list(after.normal))
        whole.absorb(body, but=("raise",) if statement.handlers else ())
        if after is not body:
            whole.absorb(after)
        for handler in statement.handlers:
            inner = self.execute(handler, join(caught), frame)
            whole.normal += inner.normal
            whole.absorb(inner)
        return self._finally(statement.final, whole, ends, frame)

    def _finally(self, final: ir.Block, whole: Ends, ends: Ends, frame: Frame) -> Ends:
        """Whatever way the rest ends, `finally` runs on the way out."""
        if not final:
            return whole
        inner = self.execute(final, whole.normal, frame)
        ends.normal += inner.normal
        ends.absorb(inner)
        for how, leaving in whole.left.items():
            for s, value in leaving:
                inner = self.execute(final, [s], frame)
                ends.absorb(inner)
                for after in inner.normal:
                    ends.leave(how, after, value)
        return ends

    def enter(self, function: ir.Function, frame: Frame, state: State) -> Evaluated:
        """Run a body; gradient switches of decorators hold inside only."""
        grad = state.get(("grad",))
        for decorator in function.decorators:
            manager = self.grad_manager(decorator)
            if manager in ("no_grad", "inference_mode", "enable_grad"):
                state = state.set(("grad",), frozenset({manager == "enable_grad"}))
        decorated = state.get(("grad",)) != grad
        ends = self.execute(function.body, [state], frame)
        rows: Evaluated = [(s, NOTHING) for s in ends.normal] + ends.left.get("return", [])
        rows = [(_with_grad(s, grad), v) for s, v in rows] if decorated else rows
        return joined_values(rows) or [(state, NOTHING)]

    def _with(
        self, items: tuple[tuple[ir.Expr, ir.Expr | None], ...], body: ir.Block, state: State, frame: Frame
    ) -> Ends:
        if not items:
            return self.execute(body, [state], frame)
        (expr, target), rest = items[0], items[1:]
        ends = Ends()
        for before, grad in self._grad_context(expr, state, frame):
            if grad is not None:
                inside = before.set(("grad",), frozenset({grad}))
                inner = self._with(rest, body, inside, frame)
                _restore_grad(inner, state.get(("grad",)))
                ends.normal += inner.normal
                ends.absorb(inner)
            else:
                inner = self._managed(expr, target, rest, body, before, frame)
                ends.normal += inner.normal
                ends.absorb(inner)
        return ends

    def _grad_context(self, expr: ir.Expr, state: State, frame: Frame) -> list[tuple[State, bool | None]]:
        """What a context manager does to the gradient switch; None if it is none of torch's."""
        if isinstance(expr, ir.Choice):
            return [
                pair
                for s, holds in self.decide(expr.test, state, frame)
                for pair in self._grad_context(expr.then if holds else expr.orelse, s, frame)
            ]
        origin = self.grad_manager(expr)
        if origin in ("no_grad", "inference_mode"):
            return [(state, False)]
        if origin == "enable_grad":
            return [(state, True)]
        if origin == "set_grad_enabled" and isinstance(expr, ir.Call):
            return list(self.grad_argument(expr, state, frame))
        return [(state, None)]

    def grad_manager(self, expr: ir.Expr) -> str | None:
        """The name of a gradient switch of torch: `no_grad` for `torch.no_grad()`, also without the call."""
        func = expr.func if isinstance(expr, ir.Call) else expr
        origin = self.names.origin(func) or ""
        last = origin.rpartition(".")[2]
        known = ("no_grad", "inference_mode", "enable_grad", "set_grad_enabled")
        return last if origin.startswith("torch.") and last in known else None

    def _managed(
        self,
        expr: ir.Expr,
        target: ir.Expr | None,
        rest: tuple[tuple[ir.Expr, ir.Expr | None], ...],
        body: ir.Block,
        state: State,
        frame: Frame,
    ) -> Ends:
        """Any other context manager; a generator of the file runs around the body."""
        ends = Ends()
        manager = self._generator(expr)
        if manager is not None and isinstance(expr, ir.Call):
            for before, given in self.arguments(expr, state, frame):

                def body_at_yield(inside: State) -> list[State]:
                    inner = self._with(rest, body, inside, frame)
                    ends.absorb(inner)
                    return inner.normal

                key = (*frame.path, expr.span)
                self._continuations[key] = body_at_yield
                after = self.call_function(manager, None, given, expr.span, before, frame)
                del self._continuations[key]
                ends.normal += [s for s, _ in after]
            return ends
        for after_enter, values in self.evaluate(expr, state, frame):
            inside = self.bind(target, values, after_enter, frame) if target is not None else after_enter
            inner = self._with(rest, body, inside, frame)
            ends.normal += inner.normal
            ends.absorb(inner)
        return ends

    def _generator(self, expr: ir.Expr) -> ir.Function | None:
        if not isinstance(expr, ir.Call):
            return None
        function = self.names.functions.get(walk.dotted(expr.func) or "")
        return function if function is not None and function.yields else None

    def yielded(self, state: State, frame: Frame) -> list[State]:
        """Run the `with` body that waits at this yield, if one does."""
        body = self._continuations.get(frame.path)
        return body(state) if body else [state]


def _restore_grad(ends: Ends, grad: frozenset[Hashable] | None) -> None:
    ends.normal = [_with_grad(s, grad) for s in ends.normal]
    for how, leaving in ends.left.items():
        ends.left[how] = [(_with_grad(s, grad), v) for s, v in leaving]


def _with_grad(state: State, grad: frozenset[Hashable] | None) -> State:
    return state.drop([("grad",)]) if grad is None else state.set(("grad",), grad)


def _named(values: ValueSet, targets: tuple[ir.Expr, ...]) -> ValueSet:
    """Values under the name they are assigned to, for an object that had only the name of its maker."""
    text = walk.dotted(targets[0]) or ""
    return frozenset(
        replace(v, label=text)
        if isinstance(v, Thing) and text and v.origin in ("build", "library", "call", "pretrained", "copy")
        else v
        for v in values
    )
