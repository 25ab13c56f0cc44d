"""Running statements: branches, loops to a fixed point, `with`, `try`, and functions of the file."""

from __future__ import annotations

from collections.abc import Sequence

from modereview.analyze import ir, walk
from modereview.analyze.bindings import named
from modereview.analyze.contexts import Contexts
from modereview.analyze.effects import belongs, without_modes_of
from modereview.analyze.ends import Ends, with_grad
from modereview.analyze.frames import Evaluated, Frame
from modereview.analyze.frozen import freezes, handed_to_freeze
from modereview.analyze.joining import join, joined_values, without_idle_assumptions
from modereview.analyze.truths import elements, results
from modereview.analyze.values import (
    NOTHING,
    Callable,
    Elements,
    Graph,
    State,
    Thing,
    ValueSet,
    merge,
)

_PASSES = 10  # of a loop, before its states are merged
_SEEN = 16  # states of earlier passes of a loop; more are merged


class Statements(Contexts):
    """The part of the interpreter that runs blocks."""

    def execute(self, block: ir.Block, states: list[State], frame: Frame) -> Ends:
        """Run a block from each of the states."""
        ends = Ends(normal=join(states, self.side_by_side))
        for statement in block:
            if not ends.normal:
                break
            before, ends.normal = ends.normal, []
            for state in before:
                after = self.statement(statement, state, frame)
                ends.normal += after.normal
                ends.absorb(after)
            ends.normal = join(ends.normal, self.side_by_side)
        return ends

    def statement(self, statement: ir.Stmt, state: State, frame: Frame) -> Ends:
        """Run one statement from one state."""
        match statement:
            case ir.Assign(targets, value):
                return Ends(self._assign(targets, value, state, frame))
            case ir.Do(value):
                owners = handed_to_freeze(value, self.names)
                return Ends([self._frozen(owners, s, frame) for s, _ in self.evaluate(value, state, frame)])
            case ir.If(test, body, orelse):
                return self._branch(test, body, orelse, state, frame)
            case ir.Loop(target=ir.Name(), iterable=ir.Call(ir.Attr(owner, _))) if freezes(statement):
                return Ends([self._frozen((owner,), state, frame)])
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
            renamed = named(values, targets[0])
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
        ends.normal = without_idle_assumptions(ends.normal, state, self.side_by_side)
        return ends

    def _define(self, function: ir.Function, state: State, frame: Frame) -> list[State]:
        bare: ValueSet = frozenset({Callable(function, None, frame.path)})
        state, value = self.decorated(function, bare, state, frame)
        return [state.set(("name", frame.path, function.short), value)]

    def _loop(self, loop: ir.Loop, state: State, frame: Frame) -> Ends:
        ends = Ends()
        for inner in self._passes_of(loop, state, frame):
            if loop.orelse and inner.normal:
                after = self.execute(loop.orelse, inner.normal, frame)
                inner.normal = after.normal
                ends.absorb(after)
            ends.normal += inner.normal + inner.states("break")
            ends.absorb(inner, but=("break",))
        return ends

    def _passes_of(self, loop: ir.Loop, state: State, frame: Frame) -> list[Ends]:
        """How all passes together end, for each way in which the iterable may come out."""
        source, counted = _uncounted(loop.iterable)

        def body(entered: State, values: ValueSet) -> Ends:
            item = frozenset({Elements((NOTHING, values))}) if counted else values
            return self._pass(loop, item, entered, frame)

        made = self.generators(source, state, frame)
        if made:
            return [self.looped_over(maker, call, body, before, frame) for before, maker, call in made]
        rows = self.evaluate(loop.iterable, state, frame) if loop.iterable else [(state, NOTHING)]
        return [
            self._unrolled(loop, known, before, frame)
            if loop.target is not None and (known := elements(values))
            else self._over_unknown(loop, values, before, frame)
            for before, values in rows
        ]

    def _over_unknown(self, loop: ir.Loop, values: ValueSet, state: State, frame: Frame) -> Ends:
        """A loop over what is not known element by element; one over models may switch them all."""
        ends = self._repeated_loop(loop, results(values), state, frame)
        lists = [v for v in values if isinstance(v, Thing)]
        if loop.target is not None and lists:
            ends.normal = [self._all_switched(loop, lists, s) for s in ends.normal]
        return ends

    def _all_switched(self, loop: ir.Loop, lists: list[Thing], state: State) -> State:
        """`for model in models: model.eval()`: then `models[0]` is in EVAL as well."""
        for model in self._elements_of(loop):
            modes = state.get(("mode", model)) or NOTHING
            if modes and all(isinstance(m, tuple) and m[1].kind == "switch" for m in modes):
                for each in lists:
                    state = self.switched(each, modes, state)  # type: ignore[arg-type]
        return state

    def _elements_of(self, loop: ir.Loop) -> list[Thing]:
        """The models that the target of a loop names where nothing in view tells them: one for each name."""
        assert loop.target is not None and loop.iterable is not None
        text = self.source.slice(loop.iterable.span)
        names = (e for e in walk.subexpressions(loop.target) if isinstance(e, ir.Name))
        models = (Thing(("element", text, i), name.id, "parameter") for i, name in enumerate(names))
        return [model for model in models if self.is_model(model)]

    def _pass(self, loop: ir.Loop, item: ValueSet, state: State, frame: Frame) -> Ends:
        start = self.bind(loop.target, item, state, frame) if loop.target is not None else state
        inner = self.execute(loop.body, [start], frame)
        ends = Ends(inner.normal + inner.states("continue"))
        ends.absorb(inner, but=("continue",))
        return ends

    def _frozen(self, owners: Sequence[ir.Expr], state: State, frame: Frame) -> State:
        """The state after all parameters of what the expressions hold lose their gradients."""
        for owner in owners:
            for after, values in self.evaluate(owner, state, frame):
                self.record.frozen |= {v for v in values if isinstance(v, Thing)}
                state = after
        return state

    def _unrolled(self, loop: ir.Loop, known: tuple[ValueSet, ...], state: State, frame: Frame) -> Ends:
        """A loop over a display: once for each element, in order. The phase idiom needs this."""
        ends, states = Ends(), [state]
        assert loop.target is not None
        for element in known:
            starts = [self._next_element(loop, element, s, state, frame) for s in states]
            inner = self.execute(loop.body, starts, frame)
            states = join(inner.normal + inner.states("continue"), self.side_by_side)
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
            inner = self.execute(loop.body, self._next_pass(loop, data, frontier, state, frame), frame)
            ends.absorb(inner, but=("continue",))
            after = join(inner.normal + inner.states("continue"), self.side_by_side)
            over = after if loop.test is None else self._not_holding(loop.test, after, frame)
            ends.normal = join([*ends.normal, *over], self.side_by_side)
            seen |= set(frontier)
            frontier = [s for s in after if s not in seen]
            if not frontier:
                break
            if len(seen) > _SEEN or turn == _PASSES - 2:
                frontier = [merge([*seen, *frontier])]
        return ends

    def _not_holding(self, test: ir.Expr, states: list[State], frame: Frame) -> list[State]:
        return [s for f in states for s, holds in self.decide(test, f, frame) if not holds]

    def _next_pass(
        self, loop: ir.Loop, data: ValueSet, frontier: list[State], before: State, frame: Frame
    ) -> list[State]:
        """The states that enter the body; a `while` test, too, is taken to hold at least once."""
        if loop.test is not None:
            return [s for f in frontier for s, holds in self.decide(loop.test, f, frame) if holds]
        if loop.target is None:
            return frontier
        return [self._next_element(loop, data, s, before, frame) for s in frontier]

    def _next_element(
        self, loop: ir.Loop, values: ValueSet, state: State, before: State, frame: Frame
    ) -> State:
        """The state with the next element bound.

        A model among it that nothing in view tells is another one in each pass: it has the mode that it
        had before the loop.
        """
        assert loop.target is not None
        state = self.bind(loop.target, values, state, frame)
        for model in self._elements_of(loop):
            cell = ("name", frame.path, model.label)
            told: ValueSet = state.get(cell) or NOTHING  # type: ignore[assignment]
            if told == results(told):
                name = ir.Name(model.label, loop.target.span)
                state = self.bind(name, told | {model}, _as_before(model, state, before), frame)
        return state

    def _try(self, statement: ir.Try, state: State, frame: Frame) -> Ends:
        whole, passed = self.collected(lambda: self._handled(statement, state, frame))
        self.passes(self._finally(statement.final, passed, frame))
        return self._finally(statement.final, whole, frame)

    def _handled(self, statement: ir.Try, state: State, frame: Frame) -> Ends:
        """A `try` without its `finally`. Handlers are taken to catch whatever is raised."""
        body, passed = self.collected(lambda: self.execute(statement.body, [state], frame))
        # An exception may come before the body did anything, or after all of it.
        caught = [state, *body.normal, *body.states("raise"), *passed.states("raise")]
        stopped = ("raise",) if statement.handlers else ()
        onward = Ends()
        onward.absorb(passed, but=stopped)
        self.passes(onward)
        after = self.execute(statement.orelse, body.normal, frame) if statement.orelse else body
        whole = Ends(list(after.normal))
        whole.absorb(body, but=stopped)
        if after is not body:
            whole.absorb(after)
        for handler in statement.handlers:
            whole.add(self.execute(handler, join(caught, self.side_by_side), frame))
        return whole

    def _finally(self, final: ir.Block, whole: Ends, frame: Frame) -> Ends:
        """Whatever way the rest ends, `finally` runs on the way out."""
        if not final:
            return whole
        ends = self.execute(final, whole.normal, frame)
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
                state = state.set(("grad",), frozenset({Graph(manager == "enable_grad")}))
        decorated = state.get(("grad",)) != grad
        ends = self.execute(function.body, [state], frame)
        rows: Evaluated = [(s, NOTHING) for s in ends.normal] + ends.left.get("return", [])
        rows = [(with_grad(s, grad), v) for s, v in rows] if decorated else rows
        self.left_by_exception(ends.with_grad(grad) if decorated else ends, frame)
        return joined_values(rows, self.side_by_side) or ([] if function.yields else [(state, NOTHING)])


def _uncounted(iterable: ir.Expr | None) -> tuple[ir.Expr | None, bool]:
    """`batches()` and True for `enumerate(batches())`."""
    match iterable:
        case ir.Call(ir.Name("enumerate"), (inner, *_), _):
            return inner, True
        case _:
            return iterable, False


def _as_before(model: Thing, state: State, before: State) -> State:
    """The state with the modes of a model, and of its parts, as they were before."""
    state = without_modes_of(model, state)
    for cell in [c for c in before.cells("mode") if belongs(c[1], model)]:
        state = state.set(cell, before.get(cell) or NOTHING)
    return state
