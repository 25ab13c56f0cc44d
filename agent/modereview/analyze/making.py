"""What a call makes: an object of a class in view, a model of a library, one that was trained elsewhere."""

from __future__ import annotations

from modereview.analyze import ir
from modereview.analyze.activations import Activations
from modereview.analyze.ageing import aged, earlier
from modereview.analyze.effects import without_modes_of
from modereview.analyze.escapes import with_modes
from modereview.analyze.frames import Evaluated, Frame, Given
from modereview.analyze.joining import one_object
from modereview.analyze.layers import taken_models
from modereview.analyze.torchfacts import CONTAINERS, EVAL_LOADERS, names_a_model
from modereview.analyze.truths import ANY
from modereview.analyze.values import (
    NOTHING,
    Callable,
    Cause,
    Cell,
    ClassValue,
    Constant,
    External,
    Path,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Mode


class Making(Activations):
    """The part of the interpreter that builds models."""

    def build(self, call: ir.Call, cls: ir.Class, given: Given, state: State, frame: Frame) -> Evaluated:
        """An object of a class in view: its `__init__` is entered."""
        thing = Thing((call.span, cls.name), cls.name, "build", cls.name, cls.name in self.modules.known)
        state = self._anew(thing, call, state)
        self._note_taken(thing, cls, given)
        init = self.modules.method(cls, "__init__")
        if init is None:
            return [(state, frozenset({thing}))]
        after = self.call_function(init, thing, given, call.span, state, frame)
        return [(s, frozenset({thing})) for s in one_object([s for s, _ in after], state)]

    def _note_taken(self, thing: Thing, cls: ir.Class, given: Given) -> None:
        """Record the models that a class takes; None where they may be others than those in view."""
        init, taken = cls.method("__init__"), taken_models(cls)
        if init is None or not taken:
            return
        rows = [p for p in init.params[1:] if p.kind in ("positional", "keyword")]
        values = dict(zip((p.name for p in rows), given.positional, strict=False)) | given.named
        left_out = {p.name for p in rows if isinstance(p.default, ir.Const)} - set(values)
        explicit = [values.get(name, NOTHING) for name in taken - left_out]
        models = frozenset(v for value in explicit for v in value if isinstance(v, Thing))
        before = self.record.taken.get(thing, frozenset())
        known = given.complete and before is not None and all(map(_is_in_view, explicit))
        self.record.taken[thing] = models | before if known and before is not None else None

    def _anew(self, thing: Thing, call: ir.Call, state: State) -> State:
        """The state for a thing that a call builds now: what an earlier pass did is another's history."""
        if thing not in self.record.built:
            self.record.built[thing] = call
            return state
        if any(self._is_other(cell) for cell in state.holding(thing)):
            self.record.grows_older(thing, earlier(thing))
            state = aged(thing, state)
        return without_modes_of(thing, state)

    def _is_other(self, holder: Cell) -> bool:
        """Whether what a cell holds is told apart from what the same place builds anew."""
        kind, name = holder[0], holder[-1]
        return kind == "turn" or (kind in ("name", "attr") and self._may_be_switched(name))

    def _may_be_switched(self, name: object) -> bool:
        """Whether a name is one that the file switches, or a model's; layers, which are many, are not."""
        last = str(name).rpartition(".")[2]
        return last in self.names.switched or names_a_model(last)

    def chosen(self, given: Given) -> ValueSet:
        """`getattr(models, name)`: some member of what is imported, some part of a model."""
        owners = given.positional[0] if len(given.positional) > 1 else NOTHING
        parts = (part_of(v, ANY) for v in owners if isinstance(v, Thing) and self.is_model(v))
        return frozenset({External(f"{v.name}.{ANY}") for v in owners if isinstance(v, External)} | {*parts})

    def pretrained(self, call: ir.Call, owner: ValueSet, state: State) -> Evaluated:
        """`from_pretrained` of a class: of transformers, where what is in view does not say otherwise."""
        origins = [v.name for v in owner if isinstance(v, External)]
        origins += [
            self.names.origin(base) or "" for v in owner if isinstance(v, ClassValue) for base in v.cls.bases
        ]
        transformers = "transformers" in {o.partition(".")[0] for o in self.names.imports.values()}
        origin = origins[0] if origins else f"transformers.{ANY}" if transformers else ANY
        thing = Thing(
            (call.span, "from_pretrained"),
            origin.rpartition(".")[2],
            "pretrained",
            f"{origin}.from_pretrained",
        )
        self.record.built[thing] = call
        if not (thing.cls or "").startswith(EVAL_LOADERS) and origins:
            unknown = frozenset(
                {(Mode.UNKNOWN, Cause("escaped", call.span, "", Path(), f"{origin}.from_pretrained"))}
            )
            state = state.set(("mode", thing), unknown)
        return [(state, frozenset({thing}))]

    def brings_its_mode(self, call: ir.Call, origin: str, given: Given, state: State) -> Evaluated:
        """`Recognizer.from_hparams(...)`, `LPIPS()` out of view: that class sees to the mode."""
        made = self._opaque(call, given)
        unknown = frozenset({(Mode.UNKNOWN, Cause("escaped", call.span, "", Path(), origin))})
        return [(with_modes(made, unknown, state), made)]

    def library_model(self, call: ir.Call, origin: str, given: Given, state: State) -> Evaluated:
        """A model, layer or loss of a library, with what is put into it."""
        lossy = origin.rpartition(".")[2].endswith("Loss") or "losses" in origin
        thing = Thing(
            (call.span, origin),
            "criterion" if lossy else origin.rpartition(".")[2],
            "library",
            origin,
            not lossy,
        )
        state = self._anew(thing, call, state)
        if origin.rpartition(".")[2] in CONTAINERS:
            self.record.parts.setdefault(thing, _layers_in(call, given))
            state = self._as_they_are(thing, given, state)
        for held in (v for v in given.values if isinstance(v, Thing) and not lossy):
            state = state.add(("attr", thing, held.label), frozenset({held}))
        return [(state, frozenset({thing}))]

    def _as_they_are(self, container: Thing, given: Given, state: State) -> State:
        """`Sequential(*list(model.children())[:5])`: what it holds stays in the mode of that model."""
        held = [v for values in given.positional for v in values if isinstance(v, Thing)]
        if not held or not all(v.origin == "attribute" and v.parent for v in held):
            return state
        return state.set(("mode", container), frozenset(m for v in held for m in self.modes_of(v, state)))


def _layers_in(call: ir.Call, given: Given) -> frozenset[Thing]:
    """The layers that a container is given one by one; none where one of them may be anything."""
    held = [v for values in given.positional for v in values]
    known = all(isinstance(v, Thing) and v.origin in ("build", "library") for v in held)
    one_each = all(len(values) == 1 for values in given.positional) and not given.named
    spread = any(isinstance(a, ir.Star) for a in call.args)
    return (
        frozenset(v for v in held if isinstance(v, Thing))
        if known and one_each and not spread
        else frozenset()
    )


def _is_in_view(values: ValueSet) -> bool:
    """Whether what is given is known: a module that was built in view, a function, a constant."""
    built = ("build", "library", "copy")
    return bool(values) and all(
        (isinstance(v, Thing) and v.is_module and v.origin in built) or isinstance(v, Constant | Callable)
        for v in values
    )


def part_of(owner: Thing, name: str) -> Thing:
    """`model.get_decoder()` is a part of the model, in its mode."""
    return Thing((owner.key, name), f"{owner.label}.{name}", "attribute", parent=owner)
