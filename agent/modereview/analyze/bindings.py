"""The part of the interpreter that knows what names and attributes hold, and in which mode a thing is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from modereview.analyze import ir, walk
from modereview.analyze.frames import Evaluated, Frame, Record
from modereview.analyze.linking import Linked
from modereview.analyze.modules import Modules
from modereview.analyze.relevance import Relevance
from modereview.analyze.texts import Text
from modereview.analyze.torchfacts import (
    EVAL_LOADERS,
    names_a_class,
    names_a_model,
)
from modereview.analyze.truths import results
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
    Modes,
    Path,
    Result,
    State,
    Thing,
    ValueSet,
)
from modereview.records import Mode, Span


class Bindings(ABC):
    """Names, attributes and modes in a state."""

    def __init__(self, linked: Linked, modules: Modules, side_by_side: int) -> None:
        """`side_by_side`: how many states are kept apart; more are merged."""
        self.source: Text = linked
        self.names, self.modules = linked.names, modules
        self.assigned = linked.kept
        self.relevance = Relevance(linked.names, modules.known, self.assigned)
        self.record = Record()
        self.asked = linked.asked
        self.side_by_side = side_by_side
        self.trained_in_part = linked.trained_in_part
        self.freezes_some = bool(self.trained_in_part) and linked.freezes_some

    @abstractmethod
    def evaluate(self, expr: ir.Expr, state: State, frame: Frame) -> Evaluated:
        """All (state, values) that an expression may lead to."""

    def lookup(self, name: ir.Name, state: State, frame: Frame) -> ValueSet:
        """What a variable holds: the frame's own, then the enclosing ones', then the file's, then imports."""
        scope: Frame | None = frame
        while scope is not None:
            held = state.get(("name", scope.path, name.id))
            if held is not None:
                return held  # type: ignore[return-value]
            scope = scope.outer
        held = state.get(("name", (), name.id))
        if held is not None:
            return held  # type: ignore[return-value]
        if name.id in self.names.classes:
            return frozenset({ClassValue(self.names.classes[name.id])})
        if name.id in self.names.functions:
            return frozenset({Callable(self.names.functions[name.id])})
        if name.id in self.names.imports:
            return self._imported(self.names.imports[name.id], state)
        if name.id == "__name__":
            return frozenset({Constant("__main__")})
        if name.id in ("True", "False", "None"):
            return NOTHING
        # Assigned later, or by something that is not in view: an object of its own by name.
        return frozenset({Thing(("global", name.id), name.id, "parameter")})

    def _imported(self, origin: str, state: State) -> ValueSet:
        """What a dotted origin means: something of a neighbour file, or something that is not in view."""
        if not self.names.linked:
            return frozenset({External(origin)})
        origin = self.names.resolve(origin)
        held = state.get(("name", (), origin))
        if held is not None:
            return held  # type: ignore[return-value]
        if origin in self.names.classes and "." in origin:
            return frozenset({ClassValue(self.names.classes[origin])})
        if origin in self.names.functions and "." in origin:
            return frozenset({Callable(self.names.functions[origin])})
        return frozenset({External(origin)})

    def attribute(self, owners: ValueSet, name: str, base: ir.Expr, state: State) -> ValueSet:
        """`base.name` for each value of base."""
        found: set[object] = set()
        for owner in owners:
            match owner:
                case Thing():
                    found |= self.member(owner, name, base, state)
                case External(origin):
                    found |= self._imported(f"{origin}.{name}", state)
                case ClassValue(cls):
                    method = self.modules.method(cls, name)
                    found |= {Callable(method)} if method else set()
                case Result(run):
                    self.record.read |= {run} if name == "data" else set()
                    found |= set() if name in ("data", "shape", "grad") else {owner}
                    found.add(Bound(frozenset({owner}), name, self.source.slice(base.span)))
                case Elements():
                    found.add(Bound(frozenset({owner}), name, self.source.slice(base.span)))
        methods = [v for v in found if isinstance(v, Bound)]
        if methods or not found:
            # One method of whichever owner it is: a switch then reaches all that the name may hold.
            whose = NOTHING.union(*(m.owner for m in methods)) if methods else owners
            found = {v for v in found if not isinstance(v, Bound)}
            found.add(Bound(whose, name, self.source.slice(base.span)))
        return frozenset(found)  # type: ignore[arg-type]

    def member(self, owner: Thing, name: str, base: ir.Expr, state: State) -> ValueSet:
        """An attribute of an object: what was assigned, a method of its class, or a thing of its own."""
        held = state.get(("attr", owner, name))
        if held is not None:
            return held  # type: ignore[return-value]
        if name == "training" and (owner.is_module or self.is_model(owner)):
            return frozenset({Flag(owner, self.modes_of(owner, state))})
        if name == "module" and not (owner.is_module and name in self.assigned):
            return frozenset({owner})  # out of its wrapper
        cls = self.names.classes.get(owner.cls or "")
        method = self.modules.method(cls, name) if cls else None
        if method is not None:
            if any((walk.dotted(d) or "").endswith(("property", ".setter")) for d in method.decorators):
                return frozenset({Thing((owner.key, name), name, "attribute", parent=owner)})
            return frozenset({Callable(method, owner)})
        label = f"{owner.label}.{name}"
        follows = self.is_model(owner) or owner.origin == "pretrained"
        child = Thing((owner.key, name), label, "attribute", parent=owner if follows else None)
        return frozenset({child, Bound(frozenset({owner}), name, self.source.slice(base.span))})

    def bind(self, target: ir.Expr, values: ValueSet, state: State, frame: Frame) -> State:
        """The state after `target = values`."""
        match target:
            case ir.Name(id):
                path = () if id in frame.globals else frame.path
                return self.forget(id, state).set(("name", path, id), self.kept(id, values))
            case ir.Attr(base, name):
                for s, owners in self.evaluate(base, state, frame):
                    for owner in (o for o in owners if isinstance(o, Thing)):
                        if names_a_model(name) or not self._plain_layer(owner, values):
                            s = s.set(("attr", owner, name), self.kept(name, values))
                    return self.forget(walk.dotted(target) or "", s)
                return state
            case ir.Items(items):
                known = next((v for v in values if isinstance(v, Elements)), None)
                fits = known is not None and len(known.items) == len(items)
                for index, item in enumerate(items):
                    part = (
                        named(known.items[index], item)
                        if known and fits
                        else taken_apart(values, index, item)
                    )
                    state = self.bind(item, part, state, frame)
                return state
            case ir.Star(value):
                return self.bind(value, results(values), state, frame)
            case ir.Item(base, _):
                return self.collect(base, values, state, frame)
            case _:
                return state

    def collect(self, base: ir.Expr, values: ValueSet, state: State, frame: Frame) -> State:
        """The state after values went into a container that a name or attribute holds."""
        made = results(values)
        if isinstance(base, ir.Name) and made:
            return state.add(("name", self._holder(base.id, state, frame), base.id), made)
        if isinstance(base, ir.Attr) and made and walk.dotted(base):
            for after, owners in self.evaluate(base.base, state, frame):
                for owner in (o for o in owners if isinstance(o, Thing)):
                    after = after.add(("attr", owner, base.name), made)
                return after
        return state

    def _holder(self, name: str, state: State, frame: Frame) -> Path:
        """The activation that holds a name: that of a function around it, or the file, where it has none."""
        scope: Frame | None = frame
        while scope is not None:
            if state.get(("name", scope.path, name)) is not None:
                return scope.path
            scope = scope.outer
        return Path() if state.get(("name", (), name)) is not None else frame.path

    def kept(self, name: str, values: ValueSet) -> ValueSet:
        """What a name needs to remember: whatever can decide a mode. All else would only multiply states."""
        return frozenset(v for v in values if self._matters(name, v))

    def _matters(self, name: str, value: object) -> bool:
        match value:
            case Constant(constant):
                return name.rpartition(".")[2] in self.asked.names and type(constant) not in (int, float)
            case Thing(origin="call"):
                return self.is_model(value)
            case Bound():
                return value.name in ("eval", "train", "forward")
            case _:
                return True

    def forget(self, text: str, state: State) -> State:
        """The state without assumptions about an expression that is assigned anew."""
        return state.drop([c for c in state.cells("assume") if text in c[2]]) if text else state  # type: ignore[operator]

    def _plain_layer(self, owner: Thing, values: ValueSet) -> bool:
        """Layers of torch that a module keeps need no cell: they follow the module."""
        return owner.is_module and any(
            isinstance(v, Thing) and v.origin == "library" and (v.cls or "").startswith("torch.nn.")
            for v in values
        )

    def modes_of(self, thing: Thing, state: State) -> Modes:
        """The modes a thing can be in: its own, else its parent's, else what it was born with."""
        held = state.get(("mode", thing))
        if held is not None:
            return held  # type: ignore[return-value]
        if thing.parent is not None and thing.origin == "attribute":
            return self.modes_of(thing.parent, state)
        span = thing.key[0] if isinstance(thing.key, tuple) and isinstance(thing.key[0], Span) else None
        if thing.origin in ("build", "library") and thing.is_module:
            return frozenset({(Mode.TRAIN, Cause("build", span, "", Path(), thing.label))})
        if thing.origin == "pretrained" and (thing.cls or "").startswith(EVAL_LOADERS):
            return frozenset({(Mode.EVAL, Cause("pretrained", span, "", Path(), thing.label))})
        return frozenset({(Mode.UNKNOWN, Cause("entry", span, "", Path(), thing.label))})

    def modes_run(self, thing: Thing, state: State, around: tuple[Thing, ...] = ()) -> Modes:
        """The modes that a forward of the thing runs in.

        A class that has nothing to switch but the models it was given runs in theirs: `Wrapper(model)` of
        an evaluated model evaluates, and that of a parameter runs in whatever mode that comes.
        """
        held = (v for c in state.cells("attr") if c[1] == thing for v in state.get(c) or ())
        models = [v for v in held if isinstance(v, Thing) and self.is_model(v) and v not in around]
        own = thing.cls not in self.modules.known or self.modules.sensitivity(thing.cls)[0]
        if not (own or models) and self.modules.only_wraps(thing.cls or ""):
            # Kept under a name that is no model's: `self.gp = gp`.
            models = [v for v in self.record.taken.get(thing) or () if v not in around]
        switched = state.get(("mode", thing)) is not None
        unseen = not (own or models or switched) and self.record.taken.get(thing) is None
        sees_to_it = thing.cls in self.modules.known and self.modules.switches_in_forward(thing.cls or "")
        if sees_to_it or (unseen and self.modules.only_wraps(thing.cls or "")):
            return frozenset({(Mode.UNKNOWN, Cause("escaped", None, "", Path(), thing.label))})
        if own or not models:
            return self.modes_of(thing, state)
        wrappers = (*around, thing)
        return frozenset(way for model in models for way in self._modes_inside(model, state, wrappers))

    def _modes_inside(self, thing: Thing, state: State, wrappers: tuple[Thing, ...]) -> Modes:
        """The modes of a model in a wrapper; those of a parameter or its parts are its caller's."""
        held: Modes = state.get(("mode", thing)) or frozenset()  # type: ignore[assignment]
        of_others = thing.origin in ("parameter", "attribute")
        if not held and of_others and all(mode is Mode.UNKNOWN for mode, _ in self.modes_of(thing, state)):
            return frozenset({(Mode.UNKNOWN, Cause("escaped", None, "", Path(), thing.label))})
        return held or self.modes_run(thing, state, wrappers)

    def is_model(self, thing: Thing) -> bool:
        """Whether calling the thing is a forward: a module for certain, or used and named like one."""
        last = thing.label.rpartition(".")[2].partition("[")[0]  # "model[0]" is a model as well
        named = names_a_model(last) and not names_a_class(thing.label)
        return thing.is_module or last in self.names.switched or named


def taken_apart(values: ValueSet, index: int, target: ir.Expr) -> ValueSet:
    """One of several things that a call out of view returns, under its name: `model, data = build(args)`."""
    made = (v for v in values if isinstance(v, Thing) and v.origin == "call")
    parts = named(frozenset(replace(v, key=(v.key, index), is_module=False) for v in made), target)
    return results(values) | parts


def named(values: ValueSet, target: ir.Expr) -> ValueSet:
    """Values under the name they are assigned to, for an object that had only the name of its maker."""
    text = walk.dotted(target) or ""
    return frozenset(
        replace(v, label=text)
        if isinstance(v, Thing)
        and text
        and v.origin in ("build", "library", "call", "holder", "pretrained", "copy")
        else v
        for v in values
    )
