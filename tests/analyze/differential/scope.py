"""What a generated statement may use where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Scope:
    """Names in view. Statements never change it; those that bind a name return a new one."""

    models: tuple[str, ...]  # expressions that hold a model
    names: tuple[str, ...]  # variables that may be bound here
    flags: tuple[str, ...] = ()  # variables that hold a bool
    calls: tuple[str, ...] = ()  # helpers as templates: "evaluate({model})"
    builders: tuple[str, ...] = ()  # calls that give a model: "build()"
    managers: tuple[str, ...] = ()  # context managers of the file: "evaluating({model})"
    batches: tuple[str, ...] = ()  # generators of the file: "batches({model})"
    depth: int = 0
    counter: str = ""  # of the innermost loop
    function: str = ""  # the function it stands in; "" at the top level
    raising: bool = False  # whether somebody catches a RuntimeError

    def deeper(self, **changes: Any) -> Scope:
        """The scope of a block one level down."""
        return replace(self, depth=self.depth + 1, **changes)

    def binding(self, name: str) -> Scope:
        """The scope after a model was bound to a name."""
        return self if name in self.models else replace(self, models=(*self.models, name))


Written: TypeAlias = tuple[list[str], Scope]
Statement: TypeAlias = Callable[[Draw, Scope], Written]


def pick(draw: Draw, choices: tuple[T, ...] | list[T]) -> T:
    """One of the choices; the first is the simplest."""
    picked: T = draw(st.sampled_from(choices))
    return picked


def model(draw: Draw, scope: Scope) -> str:
    """An expression that holds a model."""
    return pick(draw, scope.models)


def call(draw: Draw, scope: Scope, templates: tuple[str, ...]) -> str:
    """A call of one of the helpers, its holes filled."""
    template = pick(draw, templates)
    unknown = (f"{scope.counter} % 2 == 0",) if scope.counter else ()
    flag = pick(draw, ("True", "False", *scope.flags, *unknown)) if "{flag}" in template else ""
    other = model(draw, scope) if "{other}" in template else ""
    return template.format(model=model(draw, scope) if "{model}" in template else "", other=other, flag=flag)


def indented(lines: list[str]) -> list[str]:
    """A block, one level to the right."""
    return ["    " + line for line in lines]
