"""What the other files of a project say, by their text, of what one file leaves open.

Which of them calls an evaluation or makes its model, and switches; and whether the networks that are not in
view hold a layer that depends on the mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Protocol

from modereview.analyze.driving import driver, driver_elsewhere, is_module_by_base, unseen_bases
from modereview.analyze.linking import Linked
from modereview.analyze.torchfacts import names_an_evaluation
from modereview.records import Forward, Mode, Program, Source


class Elsewhere(Protocol):
    """Other files of the project, asked by their text."""

    def caller(self, source: Source, function: str, *, inherits: bool = False) -> Path | None:
        """One that switches and calls a function or method of the file."""

    def careless_caller(self, source: Source, function: str) -> Path | None:
        """One that calls a function of the file, where nobody who does switches."""

    def never_switches(self, source: Source) -> bool:
        """Whether nothing of the project switches to EVAL."""

    def maker(self, source: Source, name: str) -> Path | None:
        """One that switches and defines a function or class."""

    def layered(
        self, source: Source, makers: Iterable[str], near: Path | None = None
    ) -> tuple[Path, str] | None:
        """One that what these make may come from, and the layer it names that depends on the mode, if any."""

    def has_all(self, source: Source) -> bool:
        """Whether the project holds all that the file imports from it: the rest comes from libraries."""

    def derives_from_module(self, source: Source, cls: str) -> bool:
        """Whether a class of another file inherits a module."""


def with_others(program: Program, linked: Linked, elsewhere: Elsewhere | None) -> Program:
    """The program with what the other files say of it; without them, what base classes in view say."""
    if elsewhere is not None:
        program = _suspecting(program, linked.file, elsewhere)
    undecided = [f for f in program.forwards if f.cause == "entry" and f.role in ("evaluate", "infer")]
    functions = sorted({f.through[0] for f in undecided if f.through})
    told = replace(program, driven=tuple(_driven(functions, linked)))
    if elsewhere is None or not undecided:
        return told
    called_in = dict(_called_in(functions, linked, elsewhere))
    left = [name for name in functions if name not in called_in and names_an_evaluation(name)]
    careless = dict(_careless(left, linked.file, elsewhere))
    return replace(
        _suspecting_callers(told, careless, linked.file, elsewhere),
        called_in=tuple(called_in.items()),
        careless=tuple((name, _how(found, linked.file)) for name, found in careless.items()),
        made_in=tuple(_made_in(undecided, linked.file, elsewhere)),
        modules_by_base=tuple(_modules_by_base(undecided, linked, elsewhere)),
    )


def _suspecting(program: Program, source: Source, elsewhere: Elsewhere) -> Program:
    """With what the texts say of the layers that are not in view, where a mode may be at fault.

    Whoever switches, or trains what is then evaluated, works with networks whose mode matters: any of the
    project's may be meant. That of another evaluation has to be shown to hold such a layer.
    """
    trained = {(f.function, f.model) for f in program.forwards if f.role == "train"}

    @cache
    def asked(makers: tuple[str, ...], any_of_them: bool, trains: bool) -> str | None:
        found = elsewhere.layered(source, makers, None if any_of_them else source.path)
        library = found is None and not trains and elsewhere.has_all(source)
        return "" if library else _word(found, source)

    def suspected(forward: Forward) -> Forward:
        right = {"train": Mode.TRAIN, "unknown": forward.mode}.get(forward.role, Mode.EVAL)
        if forward.sensitive or not forward.opaque or forward.mode is right:
            return forward
        decided = forward.cause == "switch" or (forward.function, forward.model) in trained
        any_of_them = decided and not forward.makers
        return replace(forward, suspected=asked(forward.makers, any_of_them, forward.role == "train"))

    return replace(
        program,
        forwards=tuple(map(suspected, program.forwards)),
        handed=tuple(map(suspected, program.handed)),
    )


def _suspecting_callers(
    program: Program, careless: dict[str, Path | None], source: Source, elsewhere: Elsewhere
) -> Program:
    """With the networks near a caller that switches nothing, where nobody knows what made the model."""

    def suspected(forward: Forward) -> Forward:
        outermost = forward.through[0] if forward.through else ""
        if forward.suspected != "" or forward.makers or outermost not in careless:
            return forward
        found = elsewhere.layered(source, (), careless[outermost])
        return replace(forward, suspected=_word(found, source) or "")

    return replace(program, forwards=tuple(map(suspected, program.forwards)))


def _word(found: tuple[Path, str] | None, source: Source) -> str | None:
    return found and found[1] and f"{_named(found[0], source)} names `{found[1]}`"


def _called_in(functions: list[str], linked: Linked, elsewhere: Elsewhere) -> Iterator[tuple[str, str]]:
    """Those of the functions that another file calls."""
    names = linked.names
    for name in functions:
        function = names.functions.get(name)
        inherits = function is not None and bool(unseen_bases(function, names))
        found = elsewhere.caller(linked.file, name, inherits=inherits)
        if found is not None:
            yield name, _named(found, linked.file)


def _careless(
    evaluations: list[str], source: Source, elsewhere: Elsewhere
) -> Iterator[tuple[str, Path | None]]:
    """Those of the evaluations that nobody in the project switches for, with a file that calls them."""
    callers = {name: elsewhere.careless_caller(source, name) for name in evaluations}
    nobody = None in callers.values() and elsewhere.never_switches(source)
    yield from ((name, found) for name, found in callers.items() if found is not None or nobody)


def _how(caller: Path | None, source: Source) -> str:
    """How one sees that nobody switches."""
    if caller is None:
        return "nothing in the project switches a model to EVAL"
    return f"{_named(caller, source)} calls it, and switches nothing to EVAL"


def _made_in(undecided: list[Forward], source: Source, elsewhere: Elsewhere) -> Iterator[tuple[str, str]]:
    """What made the models, with the other file that defines it."""
    for name in sorted({f.made_by for f in undecided} - {""}):
        if (found := elsewhere.maker(source, name)) is not None:
            yield name, _named(found, source)


def _modules_by_base(undecided: list[Forward], linked: Linked, elsewhere: Elsewhere) -> Iterator[str]:
    """The classes whose methods evaluate and that another file's class makes modules."""
    owners = sorted({f.function.rpartition(".")[0] for f in undecided} & linked.names.classes.keys())
    for name in owners:
        cls = linked.names.classes[name]
        if is_module_by_base(
            cls, linked.names, lambda base: elsewhere.derives_from_module(linked.file, base)
        ):
            yield name


def _driven(functions: list[str], linked: Linked) -> Iterator[tuple[str, str, bool]]:
    """Those of the functions that a base class may call, that class, and whether it is seen to switch."""
    names = linked.names
    for function in (names.functions[name] for name in functions if name in names.functions):
        seen = driver(function, names)
        found = seen or driver_elsewhere(function, names, linked.file)
        if found is not None:
            yield function.name, found, seen is not None


def _named(path: Path, source: Source) -> str:
    return path.relative_to(source.root).as_posix()
