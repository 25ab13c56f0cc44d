"""What is changed in a script so far, and the stand-ins for its data, whose code depends on the choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from . import choices
from .losses import MEAN
from .standins import Choice

Json = dict[str, Any]
Slots = tuple[Json, ...]
DATA = frozenset({"loader", "dataset", "batch"})


@dataclass(frozen=True)
class State:
    """A point of the search for a script's own run."""

    fixed: tuple[tuple[str, str], ...] = ()  # needed no search
    changes: tuple[tuple[str, str], ...] = ()
    slots: tuple[tuple[str, Slots], ...] = ()
    choices: tuple[Choice, ...] = ()
    chosen: int = 0
    searched: bool = False  # whether the choices are for the model that the script itself built
    absent: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # of the project, that the script reads
    instead: tuple[str, ...] = ()  # of what the machine has not
    typed: tuple[str, ...] = ()  # behind the script's name
    sizes: tuple[str, ...] = ()  # assignments of batch sizes
    small: bool = False  # whether batches have as many rows as the stand-ins
    large: bool = False  # whether there are more samples than usual
    tiny: bool = False  # whether there is one batch of two samples: the model is slow
    most: int | None = None  # forwards after which the run is left
    refused: int = 0  # choices in a row that stopped at the same line
    stop: int = 0  # that line
    parts: tuple[int, ...] = ()  # into how many an item was taken apart, as errors told

    @property
    def choice(self) -> Choice:
        """The data that stands in."""
        return self.choices[self.chosen]

    @property
    def means(self) -> bool:
        """Whether a loss refused all data, so that a mean stands in for it."""
        return any(MEAN in code for _, code in self.changes)

    @property
    def known(self) -> set[str]:
        """What is changed, by its text in the script."""
        return {key for key, _ in (*self.fixed, *self.changes, *self.slots)}

    def all_changes(self) -> dict[str, str] | None:
        """Every change as code; None where the choice does not suit a slot."""
        changes = dict((*self.fixed, *self.changes))
        if self.small:
            changes.update((key, str(self.choice.rows)) for key in self.sizes)
        for key, slots in self.slots:
            codes = [choices.code(slot, self.choice) for slot in slots]
            if None in codes:
                return None
            changes[key] = str(codes[0]) if len(codes) == 1 else f"({', '.join(map(str, codes))})"
        return changes

    def with_change(self, key: str, code: str) -> State:
        """One expression more is changed."""
        return replace(self, changes=(*self.changes, (key, code)))

    def with_slots(self, key: str, slots: list[Json]) -> State:
        """One assignment more gets a stand-in."""
        return replace(self, slots=(*self.slots, (key, tuple(slots))))

    def with_data(self, **values: object) -> State:
        """What the stand-ins for batches are like, told by an error."""
        slots = tuple(
            (key, tuple({**slot, **values} if slot["kind"] in DATA else slot for slot in each))
            for key, each in self.slots
        )
        return replace(self, slots=slots)

    def first_fitting(self) -> State | None:
        """The first choice from here on that suits every slot."""
        later = (replace(self, chosen=n) for n in range(self.chosen, len(self.choices)))
        return next((state for state in later if state.all_changes() is not None), None)

    def mocked(self) -> set[str]:
        """Names that have no better stand-in than a mock."""
        return {
            s["name"] for _, each in self.slots for s in each if choices.code(s, self.choice) == choices.MOCK
        }

    def told(self) -> str:
        """What was put in, in one line."""
        fixed = {key for key, _ in self.fixed}
        shown = ((key, code) for key, code in (self.all_changes() or {}).items() if key not in fixed)
        return "; ".join(f"{key} {code}" for key, code in shown) or "as it is"
