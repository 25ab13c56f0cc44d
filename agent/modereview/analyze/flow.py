"""The mode flow: an abstract interpretation of a file, statement by statement.

It keeps several states side by side, so that conditions which go together stay together; states that
agree on all modes are joined at once, and when there are too many they are merged and lose exactness.
A loop runs until a pass brings nothing new; the second pass carries what the first left behind, which is
how an `eval()` that sticks is found. A loop over data is taken to run at least once.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.classes import is_framework_class
from modereview.analyze.driving import driver, unseen_bases
from modereview.analyze.frames import Frame, Given
from modereview.analyze.linking import Linked
from modereview.analyze.names import Names
from modereview.analyze.statements import Statements
from modereview.analyze.values import (
    Cause,
    Cell,
    Modes,
    Path,
    State,
    Thing,
    merge,
)
from modereview.records import Mode


@dataclass(frozen=True)
class Left:
    """What a method that nobody in view calls leaves behind for the next one."""

    cls: str | None
    modes: dict[Cell, Modes]  # of models that it switched to EVAL


class Flow(Statements):
    """Interprets a file. `run` fills `record` with every forward it meets."""

    def run(self, linked: Linked, only: frozenset[str] | None = None) -> None:
        """The top level as a script would run it, then each function that nothing in view called.

        `only`: the functions that need be looked at by themselves.
        """
        top = Frame(Path(), None)
        before = self.execute(linked.constants, [State()], top)
        after = self.execute(linked.block, before.normal or [State()], top)
        start = merge(after.normal) if len(after.normal) > 1 else (after.normal or [State()])[0]
        cells = {c: v for kind in ("name", "attr") for c in start.cells(kind) if (v := start.get(c))}
        outside = _uncertain(start, State(cells))
        self._instances: dict[str, tuple[Thing, State]] = {}  # of each class, for all of its methods
        left: dict[str, Left] = {}
        candidates = (f for f in self._roots(linked.own.names) if only is None or f.name in only)
        roots = [f for f in candidates if f.name not in self.record.called]
        for function in roots:
            if function.name not in self.record.called:
                left[function.name] = self._run_root(function, outside)
        for function in (f for f in roots if f.method_of and f.name in left):
            self._run_after_others(
                function, [left[f.name] for f in roots if f.name in left and f is not function]
            )

    def _roots(self, own: Names) -> list[ir.Function]:
        """Functions to look at by themselves, callers before callees as far as the file shows."""
        mentioned = _called_names(own)
        candidates = [f for f in own.functions.values() if not self._is_hook(f)]
        first = [f for f in candidates if f.short not in mentioned]
        return first + [f for f in candidates if f.short in mentioned]

    def _is_hook(self, function: ir.Function) -> bool:
        """Whether a framework or torch itself calls the function, or it is nested in another."""
        cls = self.names.classes.get(function.method_of or "")
        if cls is None:
            return "." in function.name or function.name == "<lambda>"
        in_module = cls.name in self.modules.known
        return (
            is_framework_class(cls, self.names)
            or function.short == "__init__"
            or (in_module and function.short in ("forward", "train", "eval", "__call__"))
        )

    def _run_root(self, function: ir.Function, outside: State) -> Left:
        """Run a function by itself; returns the modes in which switches of it leave models in EVAL."""
        state, self_value = outside, None
        self.record.roots.add(function.span)
        if function.method_of:
            if function.method_of not in self._instances:
                self._instances[function.method_of] = self._instance(function.method_of, outside)
            self_value, state = self._instances[function.method_of]
        rows = self.call_decorated(function, self_value, Given(), function, state, Frame(Path(), None))
        return Left(
            function.method_of,
            {
                cell: off
                for after, _ in rows
                for cell in after.cells("mode")
                if (off := _switched_off(after.get(cell))) and cell in set(state)
            },
        )

    def _run_after_others(self, function: ir.Function, others: list[Left]) -> None:
        """Run a method that trains once more, after methods of its class that leave its models in EVAL.

        Only where nothing in view ever switches them back: whoever drives the object may, a base class, too.
        """
        if driver(function, self.names) or unseen_bases(function, self.names):
            return
        thing, state = self._instances[function.method_of or ""]
        entered = state
        for cell, modes in (
            (c, m) for left in others if left.cls == function.method_of for c, m in left.modes.items()
        ):
            if self._trained_unswitched(function, cell[1]) and not self._switched_on(cell[1]):
                entered = entered.set(cell, modes)
        if entered is not state:
            self.call_decorated(function, thing, Given(), function, entered, Frame(Path(), None))

    def _trained_unswitched(self, function: ir.Function, thing: Hashable) -> bool:
        """Whether a run of the function by itself trains a thing in the mode it found it in."""
        return any(
            run.thing == thing and run.path[:1] == (function.span,) and run.mode is Mode.UNKNOWN
            for run in self.record.trained
        )

    def _switched_on(self, thing: Hashable) -> bool:
        """Whether a function switches a thing to TRAIN, and not to take its own `eval()` back."""
        of_thing = [s for s in self.record.switches if thing in s.things]
        off = {s.function for s in of_thing if s.mode is Mode.EVAL}
        return any(s.mode is not Mode.EVAL and s.function not in off for s in of_thing)

    def _instance(self, cls_name: str, outside: State) -> tuple[Thing, State]:
        """An instance of a class that nobody in view builds: `__init__` ran, anything may have followed."""
        cls = self.names.classes[cls_name]
        known = cls_name in self.modules.known
        thing = Thing((cls.span, "self"), "self", "build", cls_name, known)
        init = self.modules.method(cls, "__init__")
        self.record.roots.add(cls.span)
        states = [outside]
        if init is not None:
            states = [
                s for s, _ in self.call_function(init, thing, Given(), cls.span, outside, Frame(Path(), None))
            ]
        state = merge(states) if len(states) > 1 else (states or [outside])[0]
        cells = {
            c: v for kind in ("name", "attr") for c in state.cells(kind) if (v := state.get(c)) is not None
        }
        born = State(cells)
        for held in {v for values in cells.values() for v in values if isinstance(v, Thing)} | {thing}:
            if self.is_model(held):
                # What ran behind a switch there, as a loader of weights, may have left another mode.
                seen = any(held in s.things and s.path[:1] == (cls.span,) for s in self.record.switches)
                switched = seen or any(map(_was_seen_to, self.modes_of(held, state)))
                born = born.set(("mode", held), frozenset({_later(held, switched_before=switched)}))
        for cell in state.cells("mode"):  # an item, or a part of a part, that `__init__` switched
            part = cell[1]
            if isinstance(part, Thing) and born.get(cell) is None and _was_switched(state.get(cell)):
                born = born.set(cell, frozenset({_later(part, switched_before=True)}))
        return thing, born


def _uncertain(top: State, outside: State) -> State:
    """The state for a function that runs at some time later, when the top level is over or in the middle.

    A model that the top level leaves in TRAIN is in TRAIN for it; one that it switched to EVAL, or gave out
    of view, is in whatever mode that time finds it in.
    """
    for cell in top.cells("mode"):
        thing, modes = cell[1], top.get(cell) or frozenset()
        if isinstance(thing, Thing) and any(isinstance(m, tuple) and m[0] is not Mode.TRAIN for m in modes):
            outside = outside.set(cell, frozenset({_later(thing, switched_before=True)}))
    return outside


def _switched_off(modes: frozenset[Hashable] | None) -> Modes:
    """The modes of a cell that a switch made EVAL."""
    held = (m for m in modes or () if isinstance(m, tuple))
    return frozenset((mode, cause) for mode, cause in held if mode is Mode.EVAL and cause.kind == "switch")


def _was_seen_to(way: tuple[Mode, Cause]) -> bool:
    """Whether `__init__` switched it, or had it from what sees to the mode: `Sam.from_config(...)`."""
    cause = way[1]
    loads = cause.kind == "escaped" and cause.text.rpartition(".")[2].startswith("from_")
    return cause.kind in ("switch", "pretrained") or loads


def _was_switched(modes: frozenset[Hashable] | None) -> bool:
    return any(isinstance(m, tuple) and m[1].kind == "switch" for m in modes or ())


def _called_names(names: Names) -> frozenset[str]:
    """Last parts of everything that functions of the file call."""
    found = set()
    for function in names.functions.values():
        for call in walk.calls(function.body):
            last = call.func.name if isinstance(call.func, ir.Attr) else walk.dotted(call.func) or ""
            found |= {last.rpartition(".")[2]} - {"", function.short}
    return frozenset(found)


def _later(thing: Thing, *, switched_before: bool) -> tuple[Mode, Cause]:
    """The mode of a thing at some later call: unknown, though `__init__` may have seen to it."""
    return Mode.UNKNOWN, Cause("escaped" if switched_before else "entry", None, "", Path(), thing.label)
