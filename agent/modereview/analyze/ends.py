"""How a block ends: what falls through, and what leaves it early."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from modereview.analyze.values import NOTHING, Path, State, ValueSet


@dataclass
class Ends:
    """How a block ends: the states that fall through, and those that leave it."""

    normal: list[State] = field(default_factory=list)
    left: dict[str, list[tuple[State, ValueSet]]] = field(default_factory=dict)

    def leave(self, how: str, state: State, value: ValueSet = NOTHING) -> None:
        """Note a state that leaves by return, raise, break or continue."""
        self.left.setdefault(how, []).append((state, value))

    def absorb(self, other: Ends, *, but: tuple[str, ...] = ()) -> None:
        """Take over how an inner block leaves, some ways excepted."""
        for how, states in other.left.items():
            if how not in but:
                self.left.setdefault(how, []).extend(states)

    def states(self, how: str) -> list[State]:
        """The states that left in one way."""
        return [s for s, _ in self.left.get(how, ())]

    def add(self, other: Ends) -> None:
        """Take over all of how an inner block ends."""
        self.normal += other.normal
        self.absorb(other)

    def with_grad(self, grad: frozenset[Hashable] | None) -> Ends:
        """The same with the gradient switch as it was before the block."""
        left = {how: [(with_grad(s, grad), v) for s, v in rows] for how, rows in self.left.items()}
        return Ends([with_grad(s, grad) for s in self.normal], left)

    def without_names(self, path: Path) -> Ends:
        """The same without the variables of an activation that is over."""
        left = {how: [(without_names(s, path), v) for s, v in rows] for how, rows in self.left.items()}
        return Ends([without_names(s, path) for s in self.normal], left)


def without_names(state: State, path: Path) -> State:
    """The state without the variables of an activation."""
    return state.drop([c for c in state.cells("name") if c[1] == path])


def with_grad(state: State, grad: frozenset[Hashable] | None) -> State:
    """The state with the gradient switch as it once was; None where nobody had touched it."""
    return state.drop([("grad",)]) if grad is None else state.set(("grad",), grad)
