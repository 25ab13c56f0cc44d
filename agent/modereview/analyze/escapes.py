"""What leaves the view: models handed to calls of others, objects that keep them, functions called back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.effects import without_modes_of
from modereview.analyze.frames import Evaluated, Frame, Given
from modereview.analyze.handing import Handing
from modereview.analyze.torchfacts import (
    SWITCHING,
    leaves_the_mode_alone,
    names_a_conversion,
    names_a_step,
    names_an_optimizer,
)
from modereview.analyze.truths import elements, results
from modereview.analyze.values import (
    NOTHING,
    Callable,
    Cause,
    Elements,
    Modes,
    Path,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Mode

_ITERATING = ("enumerate", "zip", "tqdm", "trange", "list", "tuple", "sorted", "reversed", "set")


class Escapes(Handing):
    """The part of the interpreter that knows what calls out of view may do."""

    @abstractmethod
    def called_back(self, call: ir.Call, callback: Callable, name: str, state: State, frame: Frame) -> State:
        """The state after a nested function was handed to something out of view, which may run it."""

    def escape(
        self, call: ir.Call, name: str, owner: ValueSet, given: Given, state: State, frame: Frame
    ) -> Evaluated:
        """A call out of view: data flows through; a model handed to it may come back in another mode.

        A class keeps the models that it is built with: they may be switched once the object is called.
        """
        last = name.rpartition(".")[2]
        passed = [v for v in _nested(given.values) if self.is_model(v)]
        if last in _ITERATING:
            return [(state, self._iterable(last, given))]
        state = self._called_back(call, name, given, state, frame)
        self.record.optimized |= set(passed) if names_an_optimizer(last) else set()
        if leaves_the_mode_alone(last) or name.startswith("torch."):
            return [(state, self._opaque(call, given))]
        if names_a_step(last) and any(map(_is_an_optimizer, (*call.args, *(v for _, v in call.kwargs)))):
            state = self._stepped(given, state)
        self.record.optimized |= set(passed)  # an optimizer may be made of it there
        told = [v for v in owner if isinstance(v, Thing)] if _says_the_mode(call) else []
        kept = [*passed, *told, *_held((*_nested(owner), *_nested(given.values)), state)]
        if last[:1].isupper() and not name.startswith(SWITCHING) and not owner:
            return self._built_elsewhere(call, given, kept, state)
        unknown = frozenset({(Mode.UNKNOWN, Cause("escaped", call.span, "", Path(), name))})
        made = self._opaque(call, given)
        asked = [v for v in owner if isinstance(v, Thing)] if names_a_conversion(last) else []
        if self._settled([*kept, *asked], state):
            state = with_modes(made, unknown, state)
        for thing in kept:
            state = self.switched(thing, unknown, state)
        return [(state, made)]

    def _stepped(self, given: Given, state: State) -> State:
        """`loss_scaler(loss, optimizer)`, whoever defines it: the loss that comes first is trained on."""
        losses = results(given.positional[0]) if given.positional else NOTHING
        return next(self._optimized("step", "optimizer", s) for s, _ in self._backward(losses, state))

    def _settled(self, models: list[Thing], state: State) -> bool:
        """Whether the mode of one was decided in view: then somebody thought of what is made of it."""
        return any(cause.kind != "entry" for model in models for _, cause in self.modes_of(model, state))

    def _built_elsewhere(self, call: ir.Call, given: Given, kept: list[Thing], state: State) -> Evaluated:
        """The object of a class out of view, and the models that it keeps."""
        if not kept:
            state = without_modes_of(self._made_by(call), state)  # those of what it made here before
            return [(state, self._opaque(call, given))]
        text = walk.dotted(call.func) or "call"
        holder = Thing((call.span, text), text, "holder", self.names.origin(call.func) or text)
        made: ValueSet = frozenset({holder})
        if self._settled(kept, state) or all(model.origin == "parameter" for model in kept):
            unknown = frozenset({(Mode.UNKNOWN, Cause("escaped", call.span, "", Path(), text))})
            state = with_modes(made, unknown, state)
        return [(state.set(("holds", holder), frozenset(kept)), made | results(given.values))]

    def _called_back(self, call: ir.Call, name: str, given: Given, state: State, frame: Frame) -> State:
        for callback in (v for v in given.values if isinstance(v, Callable)):
            if name.rpartition(".")[2] == "step" or name.startswith("torch."):
                self.record.called.add(callback.function.name)
            elif "." in callback.function.name and callback.self_value is None:
                state = self.called_back(call, callback, name, state, frame)
        return state

    def unknown_from_here(self, state: State, cause: Cause) -> State:
        """The state with every model in an unknown mode."""
        held = {v for k in ("name", "attr") for c in state.cells(k) for v in state.get(c) or ()}
        held |= {c[1] for c in state.cells("mode")}
        for thing in (v for v in held if isinstance(v, Thing) and self.is_model(v)):
            state = state.set(("mode", thing), frozenset({(Mode.UNKNOWN, cause)}))
        return state

    def _iterable(self, name: str, given: Given) -> ValueSet:
        """What iterating over the wrapped iterable gives."""
        first = given.positional[0] if given.positional else NOTHING
        if name == "enumerate":
            pairs = tuple(frozenset({Elements((NOTHING, e))}) for e in elements(first))
            return frozenset({Elements(pairs)}) if pairs else results(first)
        if name == "zip":
            columns = [elements(v) for v in given.positional]
            if any(columns):
                count = min(len(c) for c in columns if c)
                unknown = (results(v) for v in given.positional)
                rows = zip(*(c or (u,) * count for c, u in zip(columns, unknown, strict=True)), strict=False)
                return frozenset({Elements(tuple(frozenset({Elements(r)}) for r in rows))})
            return results(given.values)
        return first

    def _opaque(self, call: ir.Call, given: Given) -> ValueSet:
        """The result of a call that is not in view: an object of its own, made of what went in."""
        return frozenset({self._made_by(call)}) | results(given.values)

    def _made_by(self, call: ir.Call) -> Thing:
        text = walk.dotted(call.func) or "call"
        return Thing((call.span, text), text, "call", self.names.origin(call.func) or text)


def with_modes(made: ValueSet, modes: Modes, state: State) -> State:
    """The state in which what a call made is in these modes."""
    for thing in (v for v in made if isinstance(v, Thing)):
        state = state.set(("mode", thing), modes)
    return state


def _nested(values: ValueSet) -> Iterator[Thing]:
    """The things among values, those in displays included."""
    for value in values:
        if isinstance(value, Thing):
            yield value
        elif isinstance(value, Elements):
            for item in value.items:
                yield from _nested(item)


def _held(things: tuple[Thing, ...], state: State) -> Iterator[Thing]:
    """The models that objects of classes out of view keep."""
    for thing in things:
        yield from (v for v in state.get(("holds", thing)) or () if isinstance(v, Thing))


def _says_the_mode(call: ir.Call) -> bool:
    """`model.load_checkpoint(path, eval=True)`: whoever wrote that thought of the mode."""
    return any(name in ("eval", "eval_mode", "train", "training", "is_training") for name, _ in call.kwargs)


def _is_an_optimizer(given: ir.Expr) -> bool:
    return names_an_optimizer(walk.dotted(given) or "")
