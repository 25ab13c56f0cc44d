"""The part of the interpreter that decides conditions, and splits a state where they are unknown."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Iterable

from modereview.analyze import ir, walk
from modereview.analyze.asked import assumption
from modereview.analyze.bindings import Bindings
from modereview.analyze.frames import Evaluated, Frame
from modereview.analyze.truths import compare, constant, negate, truth
from modereview.analyze.values import (
    NOTHING,
    Cause,
    Cell,
    Constant,
    Flag,
    Path,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Mode

_IS_NONE = ("is", "is not", "==", "!=")


class Conditions(Bindings):
    """`not`, `and`, `or`, comparisons, and the tests of branches."""

    @abstractmethod
    def in_turn(
        self, exprs: Iterable[ir.Expr], state: State, frame: Frame
    ) -> list[tuple[State, list[ValueSet]]]:
        """Expressions one after the other, each in the states that the ones before it left."""

    def condition(self, expr: ir.Expr, state: State, frame: Frame) -> Evaluated:
        """The value of `not`, `and`, `or` and comparisons, folded where it is known."""
        match expr:
            case ir.Compare(op, left, right):
                return [
                    (s, compare(op, parts[0], parts[1]))
                    for s, parts in self.in_turn((left, right), state, frame)
                ]
            case ir.Not(operand):
                return [(s, negate(v)) for s, v in self.evaluate(operand, state, frame)]
            case _:
                assert isinstance(expr, ir.Logic)
                rows: Evaluated = [(state, constant(expr.conjunction))]
                for operand in expr.operands:
                    rows = [
                        after
                        for s, so_far in rows
                        for after in (
                            [(s, so_far)]
                            if truth(so_far) is (not expr.conjunction)
                            else self._and_or(expr.conjunction, so_far, self.evaluate(operand, s, frame))
                        )
                    ]
                return rows

    def _and_or(self, conjunction: bool, left: ValueSet, rights: Evaluated) -> Evaluated:
        if truth(left) is conjunction:
            return rights
        return [
            (s, constant(not conjunction) if truth(r) is (not conjunction) else NOTHING) for s, r in rights
        ]

    def decide(self, test: ir.Expr, state: State, frame: Frame) -> list[tuple[State, bool]]:
        """The states in which the test holds, and those in which it does not.

        What is unknown is assumed both ways; the assumption is kept while the file asks the same again,
        so that `if training: model.train()` and `if training: loss.backward()` go together.
        """
        if isinstance(test, ir.Not):
            return [(s, not t) for s, t in self.decide(test.operand, state, frame)]
        if isinstance(test, ir.Logic) and any(
            self.asked.both_ways(part, self.source) for part in test.operands
        ):
            return self._one_by_one(test, state, frame)
        rows: list[tuple[State, bool]] = []
        for after, values in self.evaluate(test, state, frame):
            known = truth(values)
            if known is not None:
                rows.append((after, known))
                continue
            flag = next((v for v in values if isinstance(v, Flag)), None)
            rows += (
                self._restoring(flag, after)
                if flag
                else self._whether_there(test, after, frame) or self._assume(test, after, frame)
            )
        return rows

    def _one_by_one(self, test: ir.Logic, state: State, frame: Frame) -> list[tuple[State, bool]]:
        """`a and b`, `a or b`: each part is asked, and remembered, where those before leave it open.

        Done where a part may exclude another condition; it makes more states than asking the whole.
        """
        rows = [(state, test.conjunction)]
        for operand in test.operands:
            rows = [
                row
                for s, so_far in rows
                for row in (self.decide(operand, s, frame) if so_far is test.conjunction else [(s, so_far)])
            ]
        return list(dict.fromkeys(rows))

    def _whether_there(self, test: ir.Expr, state: State, frame: Frame) -> list[tuple[State, bool]]:
        """`if ema is None` and `if ema` where the name holds a model that may not be there at all.

        Where it is None that model is nowhere, and its mode is no one's. So a state that stands for
        several comes apart again.
        """
        subject, holds = test, False
        if isinstance(test, ir.Compare) and test.op in _IS_NONE and _is_none(test.right):
            subject, holds = test.left, test.op in ("is", "==")
        if walk.dotted(subject) is None:
            return []
        rows: list[tuple[State, bool]] = []
        for after, values in self.evaluate(subject, state, frame):
            models = frozenset(v for v in values if isinstance(v, Thing) and self.is_model(v))
            if not models or not values - models <= constant(None):
                return []
            rows += [(_without(models, after), holds), (_with(models, after), not holds)]
        return rows

    def _assume(self, test: ir.Expr, state: State, frame: Frame) -> list[tuple[State, bool]]:
        text, holds = assumption(test, self.source)
        if self._is_another(test, state, frame):
            return [(state, not holds)]
        if self.asked.texts[text] < 2 or self._is_chance(test):
            return [(state, True), (state, False)]
        mentions = frozenset(
            t for e in walk.subexpressions(test) if (t := walk.dotted(e)) and not isinstance(e, ir.Call)
        )
        cell = ("assume", self._asked_in(test, state, frame), mentions, text)
        assumed = state.get(cell)
        if assumed:
            return [(state, (Constant(True) in assumed) is holds)]
        return [(state.set(cell, constant(t is holds)), t) for t in (True, False)]

    def _asked_in(self, test: ir.Expr, state: State, frame: Frame) -> Path:
        """The activation that a test speaks of: the innermost that binds one of its names.

        So a nested function that asks for a variable of the one around it finds the same answer.
        """
        names = {e.id for e in walk.subexpressions(test) if isinstance(e, ir.Name)}
        scope: Frame | None = frame
        while scope is not None:
            if any(state.get(("name", scope.path, name)) is not None for name in names):
                return scope.path
            scope = scope.outer
        return frame.path

    def _is_another(self, test: ir.Expr, state: State, frame: Frame) -> bool:
        """`kind == "a"` where `kind == "b"` is assumed: it is one of them, so not the other."""
        if not isinstance(test, ir.Compare) or not isinstance(test.right, ir.Const):
            return False
        subject = f"{self.source.slice(test.left.span)} == "
        path = self._asked_in(test, state, frame)
        assumed = (c for c in state.cells("assume") if c[1] == path and str(c[3]).startswith(subject))
        return any(
            Constant(True) in (state.get(cell) or NOTHING)
            and _differs(str(cell[3]).removeprefix(subject), test.right.value)
            for cell in assumed
        )

    def _is_chance(self, test: ir.Expr) -> bool:
        """Whether the test throws a coin, itself or in a function of the file: twice is not the same."""
        for call in (e for e in walk.subexpressions(test) if isinstance(e, ir.Call)):
            function = self.names.function_at(call.func)
            inner = walk.calls(function.body) if function else ()
            if any("rand" in (walk.dotted(c.func) or "") for c in (call, *inner)):
                return True
        return False

    def _restoring(self, flag: Flag, state: State) -> list[tuple[State, bool]]:
        """`if was_training: model.train()` gives back a mode that nobody in view knows.

        Where the flag was False the mode is again what it was; where it was True, the `train()` that
        follows makes it so. Both come out as the saved mode.
        """
        saved = flag.modes
        if self.modes_of(flag.thing, state) == saved:  # the live flag: each branch knows the mode
            cause = Cause("entry", None, "", Path(), flag.thing.label)
            train, evaluate = (
                state.set(("mode", flag.thing), frozenset({(mode, cause)}))
                for mode in (Mode.TRAIN, Mode.EVAL)
            )
            return [(train, not flag.negated), (evaluate, flag.negated)]
        was_false = state.set(("mode", flag.thing), saved)
        was_true = state.set(("restore", flag.thing), saved)
        return [(was_true, not flag.negated), (was_false, flag.negated)]


def _differs(literal: str, value: object) -> bool:
    """Whether what is written is a constant, and another one than the value."""
    try:
        return bool(ast.literal_eval(literal) != value)
    except (ValueError, SyntaxError):
        return False


def _is_none(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Const) and expr.value is None


def _holders(models: ValueSet, state: State) -> list[Cell]:
    return [c for kind in ("name", "attr") for c in state.cells(kind) if (state.get(c) or NOTHING) & models]


def _without(models: ValueSet, state: State) -> State:
    """The state in which these models do not exist: None stands where they could be."""
    for cell in _holders(models, state):
        state = state.set(cell, ((state.get(cell) or NOTHING) - models) | constant(None))
    return state.drop([("mode", model) for model in models])


def _with(models: ValueSet, state: State) -> State:
    """The state in which one of them does: no None where they can be."""
    for cell in _holders(models, state):
        state = state.set(cell, (state.get(cell) or NOTHING) - constant(None))
    return state
