"""Entering functions of the file: arguments, closures, decorators, and what goes when they end."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import replace

from modereview.analyze import ir, walk
from modereview.analyze.annotations import annotated
from modereview.analyze.ends import without_names
from modereview.analyze.escapes import Escapes
from modereview.analyze.frames import Evaluated, Frame, Given
from modereview.analyze.joining import joined_values
from modereview.analyze.torchfacts import names_a_model, names_parameters
from modereview.analyze.truths import constant, results
from modereview.analyze.uses import bound_by
from modereview.analyze.values import (
    Callable,
    Constant,
    Elements,
    Path,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Span

_DEPTH = 12  # activations below the top level that are followed


class Activations(Escapes):
    """The part of the interpreter that enters functions."""

    @abstractmethod
    def enter(self, function: ir.Function, frame: Frame, state: State) -> Evaluated:
        """Run a function's body in a frame whose parameters are bound."""

    def call_function(
        self,
        function: ir.Function,
        self_value: Thing | None,
        given: Given,
        span: Span,
        state: State,
        frame: Frame,
        captured: Path | None = None,
    ) -> Evaluated:
        """Enter a function of the file with the caller's state; `captured` is the frame it was defined in."""
        self.record.calls.setdefault((frame.name, span), set()).add(function.name)
        if function.short == "forward" and self_value is not None and self_value.is_module:
            text = self._asked(span) or self_value.label
            return self._forward(span, self_value, text, given, state, frame)
        in_module = self_value is not None and self_value.is_module
        if self_value and names_parameters(function.short):  # its own: `head.get_parameters()`
            self.record.optimized.add(self_value)
        switch = _super_switch(function) if in_module and function.short in ("train", "eval") else None
        if self_value and switch is not None:
            how, given = switch, _told(function, given)
            return self._switch(self_value, how, given, span, self_value.label, state, frame)
        skipped = len(frame.path) >= _DEPTH or span in frame.path or not self.relevance.matters(function)
        if skipped:
            return [(state, results(given.values))]
        self.record.called.add(function.name)
        inner = Frame(
            frame.path.then(span),
            function,
            self_value,
            self._closure(function, frame) or (Frame(captured, None) if captured else None),
            _globals(function),
        )
        self.record.activations[inner.path] = function.name
        state = _unassumed(state, inner)
        for name, value in self._parameters(function, self_value, given, span, state, frame):
            known = self.kept(name, value)
            if not known and names_a_model(name) and not any(isinstance(v, Constant) for v in value):
                known = _made_elsewhere(value, name) or frozenset({self.parameter(function, name)})
            state = state.set(("name", inner.path, name), known)
        after = self.enter(function, inner, state)
        rows = [(s, v) if _closes_over(v, inner.path) else (_over(s, inner), v) for s, v in after]
        return joined_values(rows, self.side_by_side)

    def _asked(self, call: Span) -> str | None:
        """The model whose `forward` is called, as it is written: "model"."""
        written = re.match(r"([\w.]+)\.forward\(", self.source.slice(call))
        return written[1] if written else None

    def call_decorated(
        self,
        function: ir.Function,
        self_value: Thing | None,
        given: Given,
        call: ir.Call | ir.Function,
        state: State,
        frame: Frame,
    ) -> Evaluated:
        """Enter a function through what decorators of the file made of it."""
        bare: ValueSet = frozenset({Callable(function)})
        state, made = self.decorated(function, bare, state, frame)
        if made == bare:
            return self.call_function(function, self_value, given, call.span, state, frame)
        first = (frozenset({self_value}),) if self_value else ()
        given = Given((*first, *given.positional), given.named)
        return [
            row
            for v in made
            if isinstance(v, Callable)
            for row in self.call_function(v.function, None, given, call.span, state, frame, v.frame)
        ]

    def decorated(
        self, function: ir.Function, value: ValueSet, state: State, frame: Frame
    ) -> tuple[State, ValueSet]:
        """A function as the decorators of the file leave it; others are taken to hand it through.

        What others are handed beside it they may switch around each call: `@eval_mode(model)`.
        """
        for decorator in reversed(function.decorators):
            wrapper = self.names.function_at(decorator)
            if wrapper is not None and _gives_back(wrapper):
                self.record.called.add(wrapper.name)
            elif wrapper is not None:
                rows = self.call_function(wrapper, None, Given((value,)), decorator.span, state, frame)
                made = [(s, frozenset(v for v in vs if isinstance(v, Callable))) for s, vs in rows]
                state, value = next(((s, vs) for s, vs in made if vs), (state, value))
            elif isinstance(decorator, ir.Call) and decorator.args:
                state = self.evaluate(decorator, state, frame)[0][0]
        return state, value

    def _closure(self, function: ir.Function, frame: Frame) -> Frame | None:
        """The frame a nested function sees: the activation of the function that defines it."""
        scope: Frame | None = frame
        while scope is not None:
            if scope.function is not None and function.name.startswith(scope.name + "."):
                return scope
            if function.name == "<lambda>":
                return scope
            scope = scope.outer
        return None

    def _parameters(
        self,
        function: ir.Function,
        self_value: Thing | None,
        given: Given,
        span: Span,
        state: State,
        frame: Frame,
    ) -> list[tuple[str, ValueSet]]:
        positional = list(given.positional)
        static = any(walk.dotted(d) == "staticmethod" for d in function.decorators)
        if function.method_of and self_value is not None and not static:
            positional.insert(0, frozenset({self_value}))
        rows: list[tuple[str, ValueSet]] = []
        for parameter in function.params:
            if parameter.kind == "*":
                rows.append((parameter.name, frozenset({Elements(tuple(positional))})))
                positional = []
            elif parameter.kind == "**":
                taken = {p.name for p in function.params}
                rest = {k: v for k, v in given.named.items() if k not in taken}
                rows.append((parameter.name, frozenset({Elements(tuple(rest.values()), tuple(rest))})))
            elif parameter.kind == "positional" and positional:
                rows.append((parameter.name, positional.pop(0)))
            elif parameter.name in given.named:
                rows.append((parameter.name, given.named[parameter.name]))
            elif parameter.default is not None:
                rows.append((parameter.name, self._default(function, parameter, span, state, frame)))
            else:
                rows.append((parameter.name, frozenset({self.parameter(function, parameter.name)})))
        return rows

    def _default(
        self, function: ir.Function, parameter: ir.Parameter, span: Span, state: State, frame: Frame
    ) -> ValueSet:
        """What a parameter holds that a caller leaves out; where no caller is in view, None is one of two."""
        assert parameter.default is not None
        value = self.evaluate(parameter.default, state, frame)[0][1]
        if span in self.record.roots and value == constant(None):
            return value | {self.parameter(function, parameter.name)}
        return value

    def parameter(self, function: ir.Function, name: str) -> Thing:
        """What a parameter holds when no caller in view says: an object of the class that annotates it."""
        parameter = next(p for p in function.params if p.name == name)
        cls = annotated(parameter, self.names)
        if cls is None or cls.name not in self.modules.known:
            return Thing((function.span, name), name, "parameter")
        return Thing((function.span, name), name, "parameter", cls.name, True)


def _gives_back(decorator: ir.Function) -> bool:
    """Whether a decorator only keeps the function that it is given, in some table, and returns it."""
    given = decorator.params[0].name if decorator.params else ""
    returned = [
        s.value for s in walk.statements(decorator.body) if isinstance(s, ir.Leave) and s.how == "return"
    ]
    bound = {n for s in walk.statements(decorator.body) for n in bound_by(s)}
    called = {walk.dotted(c.func) for c in walk.calls(decorator.body)}
    returns_it = returned and all(isinstance(v, ir.Name) and v.id == given for v in returned)
    return bool(returns_it) and given not in bound | called


def _made_elsewhere(values: ValueSet, name: str) -> ValueSet:
    """What calls out of view returned, under the name of a model that its receiver gives it."""
    made = (v for v in values if isinstance(v, Thing) and v.origin == "call")
    return frozenset(replace(thing, label=name) for thing in made)


def _closes_over(values: ValueSet, path: Path) -> bool:
    return any(isinstance(v, Callable) and v.frame == path for v in values)


def _over(state: State, frame: Frame) -> State:
    """The state when an activation is over: nobody asks for its variables again."""
    return without_names(_unassumed(state, frame), frame.path)


def _unassumed(state: State, frame: Frame) -> State:
    """The state without what an activation assumed about its arguments: each has others."""
    names = {p.name for p in frame.function.params} if frame.function else set()
    assumed = (c for c in state.cells("assume") if c[1] == frame.path)
    return state.drop([c for c in assumed if not names.isdisjoint(c[2])])  # type: ignore[arg-type]


def _super_call(function: ir.Function) -> ir.Call | None:
    """`super().train(...)` or `super().eval()` in an override."""
    return next(
        (
            call
            for call in walk.calls(function.body)
            if isinstance(call.func, ir.Attr)
            and isinstance(call.func.base, ir.Call)
            and walk.dotted(call.func.base.func) == "super"
        ),
        None,
    )


def _super_switch(function: ir.Function) -> str | None:
    """The switch that an override hands on to; None if it hands on to none."""
    call = _super_call(function)
    if call is None or not isinstance(call.func, ir.Attr):
        return None
    return "eval" if call.func.name == "eval" else function.short


def _told(function: ir.Function, given: Given) -> Given:
    """What the override hands on: a constant of its own (`super().train(False)`), else what it was given."""
    call = _super_call(function)
    own = call.args[0] if call is not None and call.args else None
    return Given((frozenset({Constant(own.value)}),)) if isinstance(own, ir.Const) else given


def _globals(function: ir.Function) -> frozenset[str]:
    return frozenset(
        name for s in walk.statements(function.body) if isinstance(s, ir.Global) for name in s.names
    )
