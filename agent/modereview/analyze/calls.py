"""What a call does: enters a function of the file, builds a class, or means something to torch."""

from __future__ import annotations

from abc import abstractmethod

from modereview.analyze import ir, walk
from modereview.analyze.effects import Effects, belongs
from modereview.analyze.frames import Evaluated, Frame, Given
from modereview.analyze.torchfacts import (
    COLLECTING,
    DETACHING,
    FLUENT,
    LIBRARY_MODELS,
    WRAPPERS,
    names_a_model,
)
from modereview.analyze.truths import of_dict, results
from modereview.analyze.values import (
    NOTHING,
    Bound,
    Callable,
    ClassValue,
    Constant,
    Elements,
    External,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Span

_DEPTH = 12  # activations below the top level that are followed


class Calls(Effects):
    """The part of the interpreter that knows who is called."""

    @abstractmethod
    def enter(self, function: ir.Function, frame: Frame, state: State) -> Evaluated:
        """Run a function's body in a frame whose parameters are bound."""

    def invoke(self, call: ir.Call, callee: ValueSet, given: Given, state: State, frame: Frame) -> Evaluated:
        """The states and results after a call, for each thing that may be called."""
        known = [v for v in callee if isinstance(v, Callable | ClassValue | External | Bound)]
        # A thing that is also a method of its owner (`model.eval`) is called as the method.
        things = [v for v in callee if isinstance(v, Thing)]
        if things and not (any(isinstance(v, Bound) for v in known) and not self.is_model(things[0])):
            known = [v for v in known if not isinstance(v, Bound)]
            rows = [r for thing in things for r in self._call_thing(call, thing, given, state, frame)]
        else:
            rows = []
        for value in sorted(known, key=repr) if len(known) > 1 else known:
            rows += self._call_value(call, value, given, state, frame)
        return rows or [(state, self._opaque(call, given))]

    def _call_value(
        self, call: ir.Call, value: object, given: Given, state: State, frame: Frame
    ) -> Evaluated:
        match value:
            case Callable(function, self_value):
                return self.call_function(function, self_value, given, call.span, state, frame)
            case ClassValue(cls):
                return self._build(call, cls, given, state, frame)
            case External(origin):
                return self._external(call, origin, given, state, frame)
            case Bound(owner, name, text):
                return self._method(call, owner, name, text, given, state, frame)
            case _:
                return []

    def call_function(
        self,
        function: ir.Function,
        self_value: Thing | None,
        given: Given,
        span: Span,
        state: State,
        frame: Frame,
    ) -> Evaluated:
        """Enter a function of the file with the caller's state."""
        self.record.calls.setdefault((frame.name, span), set()).add(function.name)
        if function.short == "forward" and self_value is not None and self_value.is_module:
            return self._forward(span, self_value, f"{self_value.label}.forward", given, state, frame)
        in_module = self_value is not None and self_value.is_module
        if self_value and in_module and function.short in ("train", "eval") and _calls_super(function):
            return self._switch(self_value, function.short, given, span, self_value.label, state, frame)
        skipped = len(frame.path) >= _DEPTH or span in frame.path or not self.relevance.matters(function)
        if skipped:
            return [(state, results(given.values))]
        self.record.called.add(function.name)
        inner = Frame(
            (*frame.path, span), function, self_value, self._closure(function, frame), _globals(function)
        )
        self.record.activations[inner.path] = function.name
        for name, value in self._parameters(function, self_value, given, span, state, frame):
            known = self.kept(name, value)
            if not known and names_a_model(name) and not any(isinstance(v, Constant) for v in value):
                known = frozenset({self.parameter(function, name)})
            state = state.set(("name", inner.path, name), known)
        after = self.enter(function, inner, state)
        return [(s.drop([c for c in s.cells("name") if c[1] == inner.path]), v) for s, v in after]

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
                rows.append((parameter.name, self.evaluate(parameter.default, state, frame)[0][1]))
            else:
                rows.append((parameter.name, frozenset({self.parameter(function, parameter.name)})))
        return rows

    def parameter(self, function: ir.Function, name: str) -> Thing:
        """What a parameter holds when nobody in view says."""
        return Thing((function.span, name), name, "parameter")

    def _build(self, call: ir.Call, cls: ir.Class, given: Given, state: State, frame: Frame) -> Evaluated:
        thing = Thing((call.span, cls.name), cls.name, "build", cls.name, cls.name in self.modules.known)
        self.record.built[thing] = call
        # A model built anew has no history: what an earlier pass of a loop left is another object's.
        state = state.drop([c for c in state.cells("mode") if belongs(c[1], thing)])
        init = self.modules.method(cls, "__init__")
        if init is None:
            return [(state, frozenset({thing}))]
        after = self.call_function(init, thing, given, call.span, state, frame)
        return [(s, frozenset({thing})) for s, _ in after]

    def _call_thing(self, call: ir.Call, thing: Thing, given: Given, state: State, frame: Frame) -> Evaluated:
        if thing.cls in self.names.classes and not thing.is_module:
            method = self.modules.method(self.names.classes[thing.cls], "__call__")
            if method:
                return self.call_function(method, thing, given, call.span, state, frame)
        if self.is_model(thing):
            return self._forward(call.span, thing, self.source.slice(call.func.span), given, state, frame)
        return self._escape(call, thing.label, given, state)

    def _method(
        self, call: ir.Call, owner: ValueSet, name: str, text: str, given: Given, state: State, frame: Frame
    ) -> Evaluated:
        """A method of something that is not in view."""
        flowing = results(owner) | results(given.values)
        things = [v for v in owner if isinstance(v, Thing)]
        if name == "backward":
            return self._backward(flowing, state)
        if name in ("step", "zero_grad") and not results(owner):
            return [(self._optimized(name, text, state), NOTHING)]
        if name in DETACHING:
            return [(state, NOTHING)]
        if name in COLLECTING:
            base = call.func.base if isinstance(call.func, ir.Attr) else call.func
            return [(self.collect(base, flowing, state, frame), NOTHING)]
        if name in ("items", "values", "keys"):
            return [(state, of_dict(name, owner))]
        if (
            name in ("eval", "train")
            and things
            and len(given.positional) + len(given.named) <= (name == "train")
        ):
            return self._switches(things, name, given, call, text, state, frame)
        if name == "forward" and things:
            return [
                r for t in things for r in self._forward(call.span, t, text + ".forward", given, state, frame)
            ]
        if name in FLUENT and things:
            return [(state, frozenset(things))]
        if name in ("prepare", "setup", "setup_module", "prepare_model"):
            whole = given.positional
            return [(state, whole[0] if len(whole) == 1 else frozenset({Elements(whole)}))]
        return self._escape(call, f"{text}.{name}", given, state)

    def _external(self, call: ir.Call, origin: str, given: Given, state: State, frame: Frame) -> Evaluated:
        """A call of something imported."""
        last = origin.rpartition(".")[2]
        first = given.positional[0] if given.positional else NOTHING
        if origin in ("torch.set_grad_enabled", "torch.autograd.set_grad_enabled"):
            return [
                (s.set(("grad",), frozenset({v})), NOTHING) for s, v in self.grad_argument(call, state, frame)
            ]
        if last == "backward":
            return self._backward(results(given.values), state)
        if last in ("deepcopy", "copy") and any(isinstance(v, Thing) for v in first):
            return self._copied(call, first, state)
        if last in WRAPPERS and any(isinstance(v, Thing) for v in first):
            return [(state, frozenset(v for v in first if isinstance(v, Thing)))]
        if origin.startswith(LIBRARY_MODELS) and not origin.startswith(
            ("torch.nn.functional", "torch.nn.init", "torch.nn.utils")
        ):
            return self._library_model(call, origin, given, state)
        if last == "from_pretrained":
            thing = Thing((call.span, last), origin.split(".")[-2], "pretrained", origin)
            self.record.built[thing] = call
            return [(state, frozenset({thing}))]
        return self._escape(call, origin, given, state)

    def _library_model(self, call: ir.Call, origin: str, given: Given, state: State) -> Evaluated:
        lossy = origin.rpartition(".")[2].endswith("Loss") or "losses" in origin
        thing = Thing(
            (call.span, origin),
            "criterion" if lossy else origin.rpartition(".")[2],
            "library",
            origin,
            not lossy,
        )
        self.record.built[thing] = call
        state = state.drop([c for c in state.cells("mode") if belongs(c[1], thing)])
        for held in (v for v in given.values if isinstance(v, Thing) and not lossy):
            state = state.add(("attr", thing, held.label), frozenset({held}))
        return [(state, frozenset({thing}))]


def _calls_super(function: ir.Function) -> bool:
    return any(
        isinstance(c.func, ir.Attr)
        and isinstance(c.func.base, ir.Call)
        and walk.dotted(c.func.base.func) == "super"
        for c in walk.calls(function.body)
    )


def _globals(function: ir.Function) -> frozenset[str]:
    return frozenset(
        name for s in walk.statements(function.body) if isinstance(s, ir.Global) for name in s.names
    )
