"""What a call does: enters a function of the file, builds a class, or means something to torch."""

from __future__ import annotations

from dataclasses import replace

from modereview.analyze import ir, walk
from modereview.analyze.classes import is_optimizer
from modereview.analyze.frames import Evaluated, Frame, Given
from modereview.analyze.frozen import given_to_optimizer
from modereview.analyze.handing import AVERAGES, BAKED
from modereview.analyze.making import Making, part_of
from modereview.analyze.torchfacts import (
    COLLECTING,
    COPIERS,
    DETACHING,
    FLUENT,
    FOREIGN,
    LIBRARY_MODELS,
    OWN_MODE,
    PREPARING,
    READING,
    WRAPPERS,
    names_a_doing,
    names_a_loading,
    names_a_making,
    names_a_model,
    names_parameters,
)
from modereview.analyze.truths import ANY, asked_of_data, results, truth
from modereview.analyze.values import (
    NOTHING,
    Bound,
    Callable,
    Cause,
    ClassValue,
    Constant,
    Elements,
    External,
    Graph,
    Path,
    Result,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Mode


class Calls(Making):
    """The part of the interpreter that knows who is called."""

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
            case Callable(function, Thing() as self_value) if function.decorators:
                return self.call_decorated(function, self_value, given, call, state, frame)
            case Callable(function, self_value, captured):
                after = self.call_function(function, self_value, given, call.span, state, frame, captured)
                return self._by_own_step(function, after)
            case ClassValue(cls):
                return self.build(call, cls, given, state, frame)
            case External(origin):
                return self._external(call, origin, given, state, frame)
            case Bound(owner, name, text):
                return self._method(call, owner, name, text, given, state, frame)
            case _:
                return []

    def _by_own_step(self, function: ir.Function, after: Evaluated) -> Evaluated:
        """What a method gave, where it may be the step of an optimizer of a class in view."""
        owner = self.names.classes.get(function.method_of or "")
        if (
            function.short not in ("step", "zero_grad")
            or owner is None
            or not is_optimizer(owner, self.names)
        ):
            return after
        return [(self._optimized(function.short, owner.name, s), value) for s, value in after]

    def called_back(self, call: ir.Call, callback: Callable, name: str, state: State, frame: Frame) -> State:
        """It may run at any later time, in whatever modes there are then; its switches last."""
        cause = Cause("escaped", call.span, "", Path(), name)
        later = self.unknown_from_here(state, cause)
        for after, _ in self._call_value(call, callback, Given(), later, frame):
            switched = (c for c in after.cells("mode") if after.get(c) != later.get(c) and c in set(later))
            for cell in switched:
                state = state.set(cell, frozenset({(Mode.UNKNOWN, cause)}))
        return state

    def _call_thing(self, call: ir.Call, thing: Thing, given: Given, state: State, frame: Frame) -> Evaluated:
        if thing.cls in self.names.classes and not thing.is_module:
            method = self.modules.method(self.names.classes[thing.cls], "__call__")
            if method:
                return self.call_function(method, thing, given, call.span, state, frame)
        fed = bool(call.args or call.kwargs) or thing.is_module  # who is called with nothing runs nothing
        fed = fed and not (thing.origin == "attribute" and names_a_doing(thing.label))
        if fed and self.is_model(thing) and (thing.is_module or not self._takes_a_model(given)):
            return self._forward(call.span, thing, self.source.slice(call.func.span), given, state, frame)
        if thing.label == "getattr" and (chosen := self.chosen(given)):
            return [(state, chosen)]
        if thing.label == "isinstance" and self._asks_for_a_module(call, given):
            return [(state, frozenset({Constant(True)}))]
        return self.escape(call, thing.label, frozenset({thing}), given, state, frame)

    def _asks_for_a_module(self, call: ir.Call, given: Given) -> bool:
        """`isinstance(net, nn.Module)` of what is taken for a module anyway."""
        origin = self.names.origin(call.args[1]) if len(call.args) == 2 else None
        asked = given.positional[0] if given.positional else NOTHING
        models = bool(asked) and all(isinstance(v, Thing) and self.is_model(v) for v in asked)
        return models and (origin or "").startswith("torch.nn.") and (origin or "").endswith(".Module")

    def _takes_a_model(self, given: Given) -> bool:
        """`ema_helper.ema(model)`: what works on a model is no network itself, whatever it is called."""
        things = (v for values in given.positional for v in values if isinstance(v, Thing))
        return any(v.is_module or v.label.rpartition(".")[2] in self.names.switched for v in things)

    def _models_in(self, given: Given) -> ValueSet:
        """The modules that a call is given."""
        return frozenset(v for v in given.values if isinstance(v, Thing) and self.is_model(v))

    def _note(
        self, call: ir.Call, name: str, text: str, things: list[Thing], given: Given, flowing: ValueSet
    ) -> None:
        """What a method call tells of the models and results in it, whatever else it does."""
        if names_parameters(name):
            self.record.optimized |= set(things)
            selected = set(things) if text in self.trained_in_part else set()
            self.record.held |= selected
            self.record.frozen |= selected if self.freezes_some else set()
        if names_a_loading(name):
            known = self.record.copies if _reads_a_state(call) else self.record.loaded
            known |= set(things)
        if name == "requires_grad_" and given.values and truth(given.values) is False:
            self.record.frozen |= set(things)
        if name in READING or name in DETACHING:
            self.record.read |= {v.run for v in flowing if isinstance(v, Result)}

    def _method(
        self, call: ir.Call, owner: ValueSet, name: str, text: str, given: Given, state: State, frame: Frame
    ) -> Evaluated:
        """A method of something that is not in view."""
        flowing = results(owner) | results(given.values)
        things = [v for v in owner if isinstance(v, Thing)]
        if name == "backward":
            return self._backward(flowing, state)
        if name == "from_pretrained":
            return self.pretrained(call, owner, state)
        if name in ("step", "zero_grad") and not results(owner):
            closures = [v for v in given.values if isinstance(v, Callable)]  # as LBFGS takes one
            rows = [r for v in closures for r in self._call_value(call, v, Given(), state, frame)]
            return [(self._optimized(name, text, s), NOTHING) for s, _ in rows or [(state, NOTHING)]]
        self._note(call, name, text, things, given, flowing)
        if name in DETACHING or name == "__enter__":
            return [self._detached(call, name, owner, state)]
        if name in COLLECTING:
            base = call.func.base if isinstance(call.func, ir.Attr) else call.func
            return [(self.collect(base, flowing, state, frame), NOTHING)]
        if (answer := asked_of_data(name, owner, given.positional)) is not None:
            return [(state, answer)]
        if (
            name in ("eval", "train")
            and things
            and len(given.positional) + len(given.named) <= (name == "train")
        ):
            return self._switches(things, name, given, call, text, state, frame)
        searches = name == "generate" and any(isinstance(v, Thing) and self.is_model(v) for v in given.values)
        if name in ("forward", "generate") and any(map(self.is_model, things)) and not searches:
            return [r for t in things for r in self._forward(call.span, t, text, given, state, frame)]
        if name in FLUENT and things:
            return [(state, frozenset(things) | flowing)]
        part = name in ("children", "modules") or (
            name.startswith("get_") and names_a_model(name.removeprefix("get_"))
        )
        if part and not given.values:
            return [(state, frozenset(part_of(v, name) for v in things if self.is_model(v)) or NOTHING)]
        if name in PREPARING:
            return [(state, _given_back(given))]
        return [(s, v | flowing) for s, v in self.escape(call, f"{text}.{name}", owner, given, state, frame)]

    def _detached(self, call: ir.Call, name: str, owner: ValueSet, state: State) -> tuple[State, ValueSet]:
        """`x.detach()` may still be a target; `no_grad().__enter__()` switches the graph off for good."""
        manager = self.grad_manager(call.func.base) if isinstance(call.func, ir.Attr) else None
        if name == "__enter__" and manager in ("no_grad", "inference_mode"):
            state = state.set(("grad",), frozenset({Graph(False, call.span)}))
        kept = results(owner) if name == "detach" else NOTHING
        return state, frozenset(replace(v, detached=True) for v in kept if isinstance(v, Result))

    def _external(self, call: ir.Call, origin: str, given: Given, state: State, frame: Frame) -> Evaluated:
        """A call of something imported."""
        if origin.startswith(FOREIGN):
            return [(state, results(given.values))]
        last = origin.rpartition(".")[2]
        if origin in ("torch.set_grad_enabled", "torch.autograd.set_grad_enabled"):
            return [
                (s.set(("grad",), frozenset({Graph(on, None if on else call.span)})), NOTHING)
                for s, on in self.grad_argument(call, state, frame)
            ]
        if origin == "torch.is_grad_enabled":
            on = self._graph(state)[0]
            return [(state, NOTHING if on is None else frozenset({Constant(on)}))]
        if last == "backward":
            return self._backward(results(given.values), state)
        if last in ("step", "zero_grad"):
            return [(self._optimized(last, origin, state), NOTHING)]
        if origin.startswith("torch.") and last in READING:
            self.record.read |= {v.run for v in results(given.values) if isinstance(v, Result)}
        if origin in ("torch.nn.Module.train", "torch.nn.Module.eval") and given.positional:
            things = [v for v in given.positional[0] if isinstance(v, Thing)]
            rest, text = replace(given, positional=given.positional[1:]), self.source.slice(call.func.span)
            return self._switches(things, last, rest, call, text, state, frame)
        if origin == "importlib.import_module":
            return [(state, frozenset({External(ANY)}))]  # what it holds are functions and classes
        state = self.handed(call, origin, given, state, frame)
        if origin in BAKED:
            return [(state, results(given.values))]
        if origin.startswith("torch.optim.") and last[:1].isupper():
            self.record.builds_optimizer = True
            rows = (row for owner in given_to_optimizer(call) for row in self.evaluate(owner, state, frame))
            held = frozenset(v for _, values in rows for v in values if isinstance(v, Thing))
            self.record.held |= held
            whose = held if held or _lists_tensors(call, frame) else None
            self.record.optimizers.setdefault(frame.name, set()).add(whose)
        return self._made_elsewhere(call, origin, given, state, frame)

    def _made_elsewhere(
        self, call: ir.Call, origin: str, given: Given, state: State, frame: Frame
    ) -> Evaluated:
        """What something imported makes: a copy, a wrapper, a model of a library, or what nobody knows."""
        last = origin.rpartition(".")[2]
        first = given.positional[0] if given.positional else NOTHING
        copies = last in ("deepcopy", "copy") or origin in AVERAGES or origin.startswith(COPIERS)
        if copies and any(isinstance(v, Thing) for v in first):
            return self._copied(call, first, state)
        if origin == "apex.amp.initialize":
            return [(state, _given_back(given))]
        if origin == "typing.cast" and len(given.positional) > 1:
            return [(state, given.positional[1])]
        if last in WRAPPERS and any(isinstance(v, Thing) for v in first):
            return [(state, frozenset(v for v in first if isinstance(v, Thing)))]
        if origin == "functools.partial" and (held := self._models_in(given)):
            return [(state, held)]  # `partial(sliding_window, predictor=model)` runs that model
        if origin.startswith(LIBRARY_MODELS) and not origin.startswith(
            ("torch.nn.functional", "torch.nn.init", "torch.nn.utils")
        ):
            return self.library_model(call, origin, given, state)
        if last == "from_pretrained":
            return self.pretrained(call, frozenset({External(origin.rpartition(".")[0])}), state)
        by_class = names_a_making(last) and origin.rpartition(".")[0].rpartition(".")[2][:1].isupper()
        if by_class or origin in OWN_MODE or (origin == "torch.hub.load" and not _is_of_torchvision(call)):
            return self.brings_its_mode(call, origin, given, state)
        return self.escape(call, origin, NOTHING, given, state, frame)


def _is_of_torchvision(call: ir.Call) -> bool:
    """Whether a hub is asked for one of torchvision's, which come in TRAIN; others see to the mode or not."""
    match call.args[:1]:
        case (ir.Const(str() as repository),):
            return repository.startswith("pytorch/vision")
        case _:
            return False


def _given_back(given: Given) -> ValueSet:
    """`model, optimizer = prepare(model, optimizer)` gives what it is given."""
    whole = given.positional
    return whole[0] if len(whole) == 1 else frozenset({Elements(whole)})


def _lists_tensors(call: ir.Call, frame: Frame) -> bool:
    """Whether an optimizer is given tensors one by one, not parts of a model: `Adam([self.mask, noise])`."""
    in_module = frame.self_value is not None and frame.self_value.is_module
    given = call.args[0] if call.args else dict(call.kwargs).get("params")
    return isinstance(given, ir.Items) and all(
        isinstance(item, ir.Name)
        or (isinstance(item, ir.Attr) and item.base == ir.Name("self", item.base.span) and not in_module)
        for item in given.items
    )


def _reads_a_state(call: ir.Call) -> bool:
    """Whether what is loaded is another model's: `reference.load_state_dict(model.state_dict())`."""
    calls = (e for given in (*call.args, *(v for _, v in call.kwargs)) for e in walk.subexpressions(given))
    return any(
        isinstance(c, ir.Call) and isinstance(c.func, ir.Attr) and c.func.name == "state_dict" for c in calls
    )
