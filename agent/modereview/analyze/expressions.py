"""Evaluating expressions: what they may hold in a state.

Every evaluation returns pairs (state, values): a call inside an expression may switch modes, and a
condition that is unknown splits the state in two.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from modereview.analyze import ir, walk
from modereview.analyze.classes import inherited
from modereview.analyze.conditions import Conditions
from modereview.analyze.frames import Evaluated, Frame, GaveUp, Given
from modereview.analyze.joining import at_most
from modereview.analyze.truths import constant, elements, item, results
from modereview.analyze.values import (
    NOTHING,
    Callable,
    Cell,
    Elements,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Span

_STEPS = 100_000  # expressions interpreted before the flow gives up: two to five seconds on one core


class Expressions(Conditions):
    """The half of the interpreter that evaluates; what calls do is in `calls.py`."""

    @abstractmethod
    def invoke(self, call: ir.Call, callee: ValueSet, given: Given, state: State, frame: Frame) -> Evaluated:
        """The effect and the result of a call."""

    @abstractmethod
    def yielded(self, values: ValueSet, state: State, frame: Frame) -> list[State]:
        """What happens where a generator of the file yields to its caller."""

    def evaluate(self, expr: ir.Expr, state: State, frame: Frame) -> Evaluated:
        """All (state, values) that the expression may lead to."""
        self.record.steps += 1
        if self.record.steps > _STEPS:
            raise GaveUp
        match expr:
            case ir.Const(value):
                return [(state, constant(value))]
            case ir.Name():
                return [(state, self.lookup(expr, state, frame))]
            case ir.Attr(_, name) if walk.is_super(expr) and (method := self._of_base(name, frame)):
                return [(state, frozenset({Callable(method, frame.self_value)}))]
            case ir.Attr(base, name):
                return [(s, self.attribute(v, name, base, s)) for s, v in self.evaluate(base, state, frame)]
            case ir.Call(func, _, _):
                return [
                    after
                    for s, callee in self.evaluate(func, state, frame)
                    for s2, given in self.arguments(expr, s, frame)
                    for after in self.invoke(expr, callee, given, s2, frame)
                ]
            case ir.Lambda(function):
                return [(state, frozenset({Callable(function, frame.self_value, frame.path)}))]
            case ir.Comprehension():
                return self.comprehension(expr, state, frame)
            case ir.Yield(value):
                after = self.evaluate(value, state, frame) if value else [(state, NOTHING)]
                return [(s2, NOTHING) for s, v in after for s2 in self.yielded(v, s, frame)]
            case ir.Bind(target, value):
                return [(self.bind(target, v, s, frame), v) for s, v in self.evaluate(value, state, frame)]
            case _:
                return self.operation(expr, state, frame)

    def _of_base(self, name: str, frame: Frame) -> ir.Function | None:
        """The method that `super().name` means in a method of a class in view."""
        cls = self.names.classes.get(frame.function.method_of or "") if frame.function else None
        return inherited(cls, name, self.names) if cls else None

    def operation(self, expr: ir.Expr, state: State, frame: Frame) -> Evaluated:
        """Displays, items, conditions and everything else."""
        match expr:
            case ir.Items(items):
                return [
                    (s, frozenset({Elements(tuple(parts))})) for s, parts in self.in_turn(items, state, frame)
                ]
            case ir.Pairs(pairs):
                keys = tuple(k.value if isinstance(k, ir.Const) else k.span for k, _ in pairs)
                return [
                    (s, frozenset({Elements(tuple(parts), keys)}))
                    for s, parts in self.in_turn([v for _, v in pairs], state, frame)
                ]
            case ir.Item(base, key):
                return [(s, item(parts[0], parts[1])) for s, parts in self.in_turn((base, key), state, frame)]
            case ir.Star(value):
                return self.evaluate(value, state, frame)
            case ir.Choice(test, then, orelse):
                return [
                    after
                    for s, truth in self.decide(test, state, frame)
                    for after in self.evaluate(then if truth else orelse, s, frame)
                ]
            case ir.Logic() | ir.Not() | ir.Compare():
                return self.condition(expr, state, frame)
            case _:
                return [
                    (s, results(frozenset().union(*parts)))
                    for s, parts in self.in_turn(walk.children(expr), state, frame)
                ]

    def in_turn(
        self, exprs: Iterable[ir.Expr], state: State, frame: Frame
    ) -> list[tuple[State, list[ValueSet]]]:
        """The expressions one after the other, each in the states that the ones before it left."""
        rows: list[tuple[State, list[ValueSet]]] = [(state, [])]
        exprs = tuple(exprs)
        for number, expr in enumerate(exprs, 1):
            rows = at_most(
                [
                    (after, [*values, value])
                    for before, values in rows
                    for after, value in self.evaluate(expr, before, frame)
                ],
                self.side_by_side,
            )
            if isinstance(expr, ir.Call) and number < len(exprs):
                rows = [(_holding(expr, values[-1], s, frame), values) for s, values in rows]
        return [_released(exprs, values, s, frame) for s, values in rows]

    def arguments(self, call: ir.Call, state: State, frame: Frame) -> list[tuple[State, Given]]:
        """The arguments of a call, `*args` and `**kwargs` spread where they are known."""
        exprs = [*call.args, *(value for _, value in call.kwargs)]
        rows = []
        for after, values in self.in_turn(exprs, state, frame):
            positional: list[ValueSet] = []
            for expr, value in zip(call.args, values, strict=False):
                spread = [v for v in value if isinstance(v, Elements)] if isinstance(expr, ir.Star) else []
                positional += spread[0].items if spread else [value]
            named: dict[str, ValueSet] = {}
            for (key, _), value in zip(call.kwargs, values[len(call.args) :], strict=True):
                if key is not None:
                    named[key] = value
                for known in (v for v in value if isinstance(v, Elements) and key is None):
                    named.update((str(k), v) for k, v in zip(known.keys or (), known.items, strict=False))
            open_ended = [v for e, v in zip(call.args, values, strict=False) if isinstance(e, ir.Star)]
            open_ended += [
                v for (k, _), v in zip(call.kwargs, values[len(call.args) :], strict=True) if not k
            ]
            complete = all(any(isinstance(v, Elements) for v in value) for value in open_ended)
            rows.append((after, Given(tuple(positional), named, complete)))
        return rows

    def comprehension(self, expr: ir.Comprehension, state: State, frame: Frame) -> Evaluated:
        """Each known element once; an unknown iterable once, with nothing known of its element."""
        rows: Evaluated = []
        for s, iterable in self.evaluate(expr.iterable, state, frame):
            collected: Evaluated = [(s, NOTHING)]
            for element in elements(iterable) or (results(iterable),):
                collected = [
                    (after, so_far | value)
                    for before, so_far in collected
                    for after, value in self.evaluate(
                        expr.element, self.bind(expr.target, element, before, frame), frame
                    )
                ]
            rows += [(after, self._listed(values)) for after, values in collected]
        return rows

    def _listed(self, values: ValueSet) -> ValueSet:
        """`[Net() for _ in range(3)]`: one element stands for all models of the list."""
        models = any(isinstance(v, Thing) and self.is_model(v) for v in values)
        return frozenset({Elements((values,))}) if models else values


def _holding(call: ir.Call, value: ValueSet, state: State, frame: Frame) -> State:
    """The state that knows what a part of an expression is, while the parts behind it are evaluated.

    `student, teacher = build(), build()`: the place in `build` comes up again, and makes another object.
    """
    outside = any(_is_built_outside(v, call) for v in value)
    return state.set(_turn(call, frame), value) if outside else state


def _is_built_outside(value: object, call: ir.Call) -> bool:
    if not (isinstance(value, Thing) and value.origin in ("build", "library")):
        return False
    place = value.key[0] if isinstance(value.key, tuple) else None
    return not (isinstance(place, Span) and walk.within(place, call.span))


def _released(
    exprs: tuple[ir.Expr, ...], values: list[ValueSet], state: State, frame: Frame
) -> tuple[State, list[ValueSet]]:
    """The values as they are by now, and the state without them."""
    cells = {e.span: _turn(e, frame) for e in exprs[:-1] if isinstance(e, ir.Call)}
    held = {place: v for place, cell in cells.items() if (v := state.get(cell)) is not None}
    now = [held.get(e.span, v) for e, v in zip(exprs, values, strict=True)] if held else values
    return state.drop(cells.values()), now  # type: ignore[return-value]


def _turn(call: ir.Call, frame: Frame) -> Cell:
    return "turn", frame.path, call.span
