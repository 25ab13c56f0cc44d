"""Running statements: branches, loops to a fixed point, `with`, `try`, and functions of the file."""

from __future__ import annotations

from dataclasses import replace

from modereview.analyze import ir, walk
from modereview.analyze.contexts import Contexts
from modereview.analyze.ends import Ends, with_grad
from modereview.analyze.frames import Evaluated, Frame
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


class Statements(Contexts):
    """The part of the interpreter that runs blocks."""

    def __init__(self, source: Source, names: Names, modules: Modules, block: ir.Block) -> None:
        super().__init__(source, names, modules, block)
        self._block = block

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
            case ir.Loop(target=ir.Name(), iterable=ir.Call(ir.Attr(owner, _))) if freezes(statement):
                return Ends([self._frozen(owner, state, frame)])
            case ir.Loop():
                return self._loop(statement, state, frame)
            case ir.With(items, body):
                return self.managed(items, body, state, frame)
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
        bare: ValueSet = frozenset({Callable(function, None, frame.path)})
        state, value = self.decorated(function, bare, state, frame)
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

    def _frozen(self, owner: ir.Expr, state: State, frame: Frame) -> State:
        """`for p in model.parameters(): p.requires_grad = False`."""
        for after, values in self.evaluate(owner, state, frame):
            self.record.frozen |= {v for v in values if isinstance(v, Thing)}
            state = after
        return state

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
            inner = self.execute(loop.body, self._next_pass(loop, data, frontier, frame), frame)
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

    def _next_pass(self, loop: ir.Loop, data: ValueSet, frontier: list[State], frame: Frame) -> list[State]:
        """The states that enter the body; a `while` test, too, is taken to hold at least once."""
        if loop.test is not None:
            return [s for f in frontier for s, holds in self.decide(loop.test, f, frame) if holds]
        if loop.target is None:
            return frontier
        return [self.bind(loop.target, data, s, frame) for s in frontier]

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
        rows = [(with_grad(s, grad), v) for s, v in rows] if decorated else rows
        return joined_values(rows) or [(state, NOTHING)]


def freezes(loop: ir.Stmt) -> bool:
    """Whether a loop over all parameters does nothing but take their gradients away."""
    if not isinstance(loop, ir.Loop) or not isinstance(loop.iterable, ir.Call):
        return False
    func = loop.iterable.func
    takes = (
        isinstance(s, ir.Assign)
        and isinstance(s.targets[0], ir.Attr)
        and s.targets[0].name == "requires_grad"
        and isinstance(s.value, ir.Const)
        and s.value.value is False
        for s in loop.body
    )
    return isinstance(func, ir.Attr) and func.name == "parameters" and all(takes)


def _named(values: ValueSet, targets: tuple[ir.Expr, ...]) -> ValueSet:
    """Values under the name they are assigned to, for an object that had only the name of its maker."""
    text = walk.dotted(targets[0]) or ""
    return frozenset(
        replace(v, label=text)
        if isinstance(v, Thing) and text and v.origin in ("build", "library", "call", "pretrained", "copy")
        else v
        for v in values
    )
