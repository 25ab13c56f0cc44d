"""What a call does: switches a mode, runs a forward, goes backward, enters a function of the file."""

from __future__ import annotations

from abc import abstractmethod

from modereview.analyze import ir, walk
from modereview.analyze.expressions import (
    Evaluated,
    Expressions,
    Frame,
    Given,
    elements,
    results,
    truth,
)
from modereview.analyze.torchfacts import (
    COLLECTING,
    DETACHING,
    FLUENT,
    HARMLESS,
    LIBRARY_MODELS,
    WRAPPERS,
    names_a_model,
)
from modereview.analyze.values import (
    NOTHING,
    Bound,
    Callable,
    Cause,
    ClassValue,
    Constant,
    Elements,
    External,
    Flag,
    ForwardRun,
    Modes,
    Result,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Mode, Span

_DEPTH = 12  # activations below the top level that are followed


class Calls(Expressions):
    """The half of the interpreter that knows what calls mean."""

    @abstractmethod
    def enter(self, function: ir.Function, frame: Frame, state: State) -> Evaluated:
        """Run a function's body in a frame whose parameters are bound."""

    def invoke(self, call: ir.Call, callee: ValueSet, given: Given, state: State, frame: Frame) -> Evaluated:
        """The states and results after a call, for each thing that may be called."""
        known = [v for v in callee if isinstance(v, Callable | ClassValue | External | Bound)]
        # A thing that is also a method of its owner (`model.eval`) is called as the method.
        things = [v for v in callee if isinstance(v, Thing)]
        if things and not (any(isinstance(v, Bound) for v in known) and not self._forwards(things[0], frame)):
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

    # --- functions and classes of the file ---

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
        if self_value is not None and self_value.is_module and function.short in ("train", "eval"):
            if _calls_super(function):
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
        state = state.drop([c for c in state.cells("mode") if _belongs(c[1], thing)])
        init = self.modules.method(cls, "__init__")
        if init is None:
            return [(state, frozenset({thing}))]
        after = self.call_function(init, thing, given, call.span, state, frame)
        return [(s, frozenset({thing})) for s, _ in after]

    # --- modules ---

    def _forwards(self, thing: Thing, frame: Frame) -> bool:
        """Whether calling the thing is a forward worth recording."""
        return self.is_model(thing)

    def _call_thing(self, call: ir.Call, thing: Thing, given: Given, state: State, frame: Frame) -> Evaluated:
        if thing.cls in self.names.classes and not thing.is_module:
            method = self.modules.method(self.names.classes[thing.cls], "__call__")
            if method:
                return self.call_function(method, thing, given, call.span, state, frame)
        if self.is_model(thing):
            return self._forward(call.span, thing, self.source.slice(call.func.span), given, state, frame)
        return self._escape(call, thing.label, given, state)

    def _forward(
        self, span: Span, thing: Thing, text: str, given: Given, state: State, frame: Frame
    ) -> Evaluated:
        """Record a forward in each mode its object may be in; its result carries the record along."""
        inside = frame.function is not None and frame.self_value is not None and frame.self_value.is_module
        if inside and thing.parent is not None and frame.function and frame.function.short == "forward":
            return [(state, results(given.values))]
        grad = self._grad(state)
        modes = self.modes_of(thing, state)
        exact = state.exact and len(modes) == 1
        runs = {
            ForwardRun(span, frame.name, frame.path, text, thing, mode, cause, grad, exact)
            for mode, cause in modes
        }
        self.record.runs |= runs
        return [(state, frozenset(Result(run) for run in runs) | results(given.values))]

    def _switch(
        self, thing: Thing, how: str, given: Given, span: Span, text: str, state: State, frame: Frame
    ) -> Evaluated:
        """`thing.eval()`, `thing.train()`, `thing.train(flag)`; returns the thing, as torch does."""
        flag = (given.positional or (given.named.get("mode"),))[0] if how == "train" else None
        cause = Cause("switch", span, frame.name, frame.path, self.source.slice(span))
        restored = state.get(("restore", thing))
        modes: Modes
        if how == "eval":
            modes = frozenset({(Mode.EVAL, cause)})
        elif flag is None:
            modes = restored or frozenset({(Mode.TRAIN, cause)})  # type: ignore[assignment]
        else:
            saved = next((v.modes for v in flag if isinstance(v, Flag)), None)
            known = truth(flag)
            if saved is not None:
                modes = saved
            elif known is not None:
                modes = frozenset({(Mode.TRAIN if known else Mode.EVAL, cause)})
            else:
                modes = frozenset({(Mode.UNKNOWN, cause)})
        after = state.drop([("restore", thing)])
        return [(self.switched(thing, modes, after), frozenset({thing}))]

    def switched(self, thing: Thing, modes: Modes, state: State) -> State:
        """The state with a thing in a mode, and all that belongs to it with it."""
        state = state.drop([c for c in state.cells("mode") if _belongs(c[1], thing)])
        for cell in [c for c in state.cells("attr") if c[1] == thing]:
            for held in state.get(cell) or ():
                if isinstance(held, Thing) and held != thing and thing.is_module:
                    state = self.switched(held, modes, state)
        return state.set(("mode", thing), modes)

    # --- what is not in view ---

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
            return [(state, _of_dict(name, owner))]
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

    def _switches(
        self,
        things: list[Thing],
        name: str,
        given: Given,
        call: ir.Call,
        text: str,
        state: State,
        frame: Frame,
    ) -> Evaluated:
        """A switch on each thing that the owner may be; an unknown flag is decided both ways first."""
        flag = (given.positional or (given.named.get("mode"),))[0]
        states = [(state, given)]
        if (
            name == "train"
            and flag is not None
            and truth(flag) is None
            and not any(isinstance(v, Flag) for v in flag)
        ):
            expr = call.args[0] if call.args else call.kwargs[0][1]
            states = [
                (s, Given((frozenset({Constant(value)}),))) for s, value in self.decide(expr, state, frame)
            ]
        rows: Evaluated = []
        for before, argument in states:
            after = before
            for thing in things:
                after = self._switch(thing, name, argument, call.span, text, after, frame)[0][0]
            rows.append((after, frozenset(things)))
        return rows

    def _backward(self, flowing: ValueSet, state: State) -> Evaluated:
        """What goes backward is trained on, if an optimizer steps before the gradients are thrown away."""
        self.record.differentiated |= {v.run for v in flowing if isinstance(v, Result)}
        return [(state.add(("pending",), flowing), NOTHING)]

    def _optimized(self, name: str, text: str, state: State) -> State:
        """An optimizer step makes what went backward before it training; `zero_grad` throws it away."""
        pending = state.get(("pending",)) or NOTHING
        if name == "step" and "sched" not in text.lower():
            self.record.trained |= {v.run for v in pending if isinstance(v, Result)}
        return state if name == "step" else state.drop([("pending",)])

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
        state = state.drop([c for c in state.cells("mode") if _belongs(c[1], thing)])
        for held in (v for v in given.values if isinstance(v, Thing) and not lossy):
            state = state.add(("attr", thing, held.label), frozenset({held}))
        return [(state, frozenset({thing}))]

    def grad_argument(self, call: ir.Call, state: State, frame: Frame) -> list[tuple[State, bool]]:
        """The switch of `set_grad_enabled(flag)`, decided both ways where it is unknown."""
        argument = call.args[0] if call.args else (call.kwargs[0][1] if call.kwargs else None)
        return self.decide(argument, state, frame) if argument is not None else [(state, True)]

    def _copied(self, call: ir.Call, originals: ValueSet, state: State) -> Evaluated:
        copies = set()
        for original in (v for v in originals if isinstance(v, Thing)):
            copy = Thing((call.span, original.key), original.label, "copy", original.cls, original.is_module)
            self.record.built.setdefault(copy, self.record.built.get(original, call))
            state = self.switched(copy, self.modes_of(original, state), state)
            copies.add(copy)
        return [(state, frozenset(copies))]

    def _escape(self, call: ir.Call, name: str, given: Given, state: State) -> Evaluated:
        """A call that is not in view: data flows through it, a model handed to it may come back in another mode."""
        last = name.rpartition(".")[2]
        passed = [v for v in given.values if isinstance(v, Thing) and self.is_model(v)]
        if passed and last in ("enumerate", "tqdm", "list", "tuple", "sorted", "reversed"):
            return [(state, self._iterable(last, given))]
        if last not in HARMLESS and not name.startswith("torch."):
            cause = Cause("escaped", call.span, "", (), name)
            for thing in passed:
                state = self.switched(thing, frozenset({(Mode.UNKNOWN, cause)}), state)
        if last in ("enumerate", "zip", "tqdm", "trange", "list", "tuple", "sorted", "reversed", "set"):
            return [(state, self._iterable(last, given))]
        for callback in (v for v in given.values if isinstance(v, Callable)):
            if last == "step" or name.startswith("torch."):
                self.record.called.add(callback.function.name)
        return [(state, self._opaque(call, given))]

    def _iterable(self, name: str, given: Given) -> ValueSet:
        """What iterating over the wrapped iterable gives."""
        first = given.positional[0] if given.positional else NOTHING
        if name == "enumerate":
            pairs = tuple(frozenset({Elements((NOTHING, e))}) for e in elements(first))
            return frozenset({Elements(pairs)}) if pairs else results(first)
        if name == "zip":
            columns = [elements(v) for v in given.positional]
            if columns and all(columns):
                rows = zip(*columns, strict=False)
                return frozenset({Elements(tuple(frozenset({Elements(r)}) for r in rows))})
            return results(given.values)
        return first

    def _opaque(self, call: ir.Call, given: Given) -> ValueSet:
        """The result of a call that is not in view: an object of its own, made of what went in."""
        text = walk.dotted(call.func) or "call"
        return frozenset({Thing((call.span, text), text, "call", text)}) | results(given.values)

    def _grad(self, state: State) -> bool | None:
        held = state.get(("grad",))
        if held is None:
            return True
        return bool(next(iter(held))) if len(held) == 1 else None


def _belongs(thing: object, owner: Thing) -> bool:
    """Whether a thing is the owner or an attribute of it, at any depth."""
    while isinstance(thing, Thing):
        if thing == owner:
            return True
        thing = thing.parent
    return False


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


def _of_dict(name: str, owner: ValueSet) -> ValueSet:
    known = next((v for v in owner if isinstance(v, Elements) and v.keys is not None), None)
    if known is None or known.keys is None:
        return results(owner)
    keys = tuple(frozenset({Constant(k)}) if isinstance(k, str | bool) else NOTHING for k in known.keys)
    if name == "values":
        return frozenset({Elements(known.items)})
    if name == "keys":
        return frozenset({Elements(keys)})
    pairs = zip(keys, known.items, strict=True)
    return frozenset({Elements(tuple(frozenset({Elements(pair)}) for pair in pairs))})
