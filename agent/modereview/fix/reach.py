"""Which mutants the tests can notice at all: those in code that a recipe runs."""

from __future__ import annotations

from collections.abc import Sequence

from modereview.records import Mutant, Program, Recipe


def split(
    mutants: Sequence[Mutant], recipes: Sequence[Recipe], program: Program
) -> tuple[tuple[Mutant, ...], tuple[str, ...]]:
    """The mutants in code that the recipes run, and a sentence for each place of the others."""
    reached = _reached(recipes, program)
    inside = tuple(m for m in mutants if m.function in reached)
    outside = dict.fromkeys(_place(m.function) for m in mutants if m.function not in reached)
    return inside, tuple(f"No test runs {place}: its mode switches stay untested." for place in outside)


def _reached(recipes: Sequence[Recipe], program: Program) -> set[str]:
    """Functions that a recipe drives, what they call, and the forwards of the classes it builds."""
    waiting = [name for r in recipes for name in r.target.functions]
    classes = {r.target.name for r in recipes if r.target.kind == "module"}
    classes |= {name for r in recipes for name in r.target.classes}
    reached = {f"{name}.{method}" for name in classes for method in ("forward", "__init__", "train", "eval")}
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [callee for caller, callee in program.calls if caller == name]
    return reached


def _place(function: str) -> str:
    return f"`{function}`" if function else "the top level"
