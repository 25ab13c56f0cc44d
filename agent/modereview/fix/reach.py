"""Which mutants the tests can notice at all: those in code that a recipe runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modereview.analyze import walk
from modereview.records import Mutant, Program, Recipe

_RUN = ("forward", "__init__", "train", "eval")  # methods that every test of a class runs


@dataclass(frozen=True)
class Reach:
    """The mutants in code that the recipes run, and a sentence for each place of the others."""

    inside: tuple[Mutant, ...]
    outside: tuple[str, ...]
    targets: Mapping[str, frozenset[str]]  # mutant id -> names of the targets whose tests run its place


def reach(mutants: Sequence[Mutant], recipes: Sequence[Recipe], program: Program) -> Reach:
    """What each mutant's place is run by."""
    runs = {recipe.target.name: _functions(recipe, program) for recipe in recipes}
    targets = {m.id: frozenset(name for name in runs if m.function in runs[name]) for m in mutants}
    places = dict.fromkeys(_place(m.function, program) for m in mutants if not targets[m.id])
    return Reach(
        tuple(m for m in mutants if targets[m.id]),
        tuple(f"No test runs {place}: its mode switches stay untested." for place in places),
        targets,
    )


def _functions(recipe: Recipe, program: Program) -> set[str]:
    """Functions that a recipe drives, what they call, and the methods of the classes that it builds."""
    built = {recipe.target.name} if recipe.target.kind == "module" else set(recipe.target.classes)
    waiting = [*recipe.target.functions, *(f"{c}.{m}" for c in _parts(built, program) for m in _RUN)]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [callee for caller, callee in program.calls if caller == name]
    return reached


def _parts(classes: Iterable[str], program: Program) -> set[str]:
    """The classes, those that they inherit from, and those that they are built of."""
    reached: set[str] = set()
    waiting = list(classes)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            inner = (m.name for m in program.modules for site in m.builds if _owner(site.caller) == name)
            waiting += [*inner, *_bases(name, program)]
    return reached


def _bases(name: str, program: Program) -> list[str]:
    known = program.names.classes.get(name) if program.names else None
    return [base for each in known.bases if (base := walk.dotted(each))] if known else []


def _owner(function: str) -> str:
    return function.rpartition(".")[0]


def _place(function: str, program: Program) -> str:
    """A module class as a whole, another function by its name."""
    owner = _owner(function)
    place = owner if program.module(owner) and function.rpartition(".")[2] in _RUN else function
    return f"`{place}`" if place else "the top level"
