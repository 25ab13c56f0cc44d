"""The mode flow: an abstract interpretation of a file, statement by statement.

It keeps several states side by side, so that conditions which go together stay together; states that
agree on all modes are joined at once, and when there are too many they are merged and lose exactness.
A loop runs until a pass brings nothing new; the second pass carries what the first left behind, which is
how an `eval()` that sticks is found. A loop over data is taken to run at least once.
"""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.analyze.frames import Frame, Given
from modereview.analyze.linking import Linked
from modereview.analyze.modules import is_framework_class
from modereview.analyze.names import Names
from modereview.analyze.statements import Statements
from modereview.analyze.values import (
    Cause,
    Path,
    State,
    Thing,
    merge,
)
from modereview.records import Mode


class Flow(Statements):
    """Interprets a file. `run` fills `record` with every forward it meets."""

    def run(self, linked: Linked) -> None:
        """The top level as a script would run it, then each function that nothing in view called."""
        top = Frame(Path(), None)
        before = self.execute(linked.constants, [State()], top)
        after = self.execute(linked.block, before.normal or [State()], top)
        start = merge(after.normal) if len(after.normal) > 1 else (after.normal or [State()])[0]
        cells = {c: v for kind in ("name", "attr") for c in start.cells(kind) if (v := start.get(c))}
        outside = State(cells)
        self._instances: dict[str, tuple[Thing, State]] = {}  # of each class, for all of its methods
        for function in self._roots(linked.own):
            self._run_root(function, outside)

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

    def _run_root(self, function: ir.Function, outside: State) -> None:
        if function.name in self.record.called:
            return
        state, self_value = outside, None
        frame = Frame(Path(), None)
        self.record.roots.add(function.span)
        if function.method_of:
            if function.method_of not in self._instances:
                self._instances[function.method_of] = self._instance(function.method_of, outside)
            self_value, state = self._instances[function.method_of]
        self.call_decorated(function, self_value, Given(), function, state, frame)

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
                switched = any(cause.kind == "switch" for _, cause in self.modes_of(held, state))
                born = born.set(("mode", held), frozenset({_later(held, switched_before=switched)}))
        return thing, born


def _called_names(names: Names) -> frozenset[str]:
    """Last parts of everything that functions of the file call."""
    found = set()
    for function in names.functions.values():
        for call in walk.calls(function.body):
            text = walk.dotted(call.func)
            if text and text.rpartition(".")[2] != function.short:
                found.add(text.rpartition(".")[2])
    return frozenset(found)


def _later(thing: Thing, *, switched_before: bool) -> tuple[Mode, Cause]:
    """The mode of a thing at some later call: unknown, though `__init__` may have seen to it."""
    return Mode.UNKNOWN, Cause("escaped" if switched_before else "entry", None, "", Path(), thing.label)
