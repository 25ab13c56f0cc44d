"""Mode faults put into the user's file, one module each kind.

A test that catches none of them proves nothing.

A module of this package holds `faults(program)`; being there registers it. Names that start with an
underscore are helpers.
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from modereview import parse
from modereview.fix.mutants._fault import Fault
from modereview.records import Mutant, Program

__all__ = ["Fault", "kinds", "mutants"]


class Kind(Protocol):
    """What each module of this package offers."""

    def faults(self, program: Program) -> Iterator[Fault]:
        """Every place of the file that can be made wrong in this way."""


def mutants(program: Program) -> tuple[Mutant, ...]:
    """The file with one fault each.

    Each differs from the file and from the others. Identities do not move with line numbers: equal faults
    of a function are numbered, as two `model.eval()` of `main`.
    """
    seen = {program.source.raw}
    counts: Counter[str] = Counter()
    made = []
    for fault in (fault for kind in kinds().values() for fault in kind.faults(program)):
        mutated = parse.apply(program.source, fault.edits)
        counts[fault.id] += 1
        if mutated.raw not in seen:
            seen.add(mutated.raw)
            name = f"{fault.id}:{counts[fault.id]}"
            made.append(Mutant(name, fault.description, fault.span, fault.function, mutated))
    return tuple(made)


@cache
def kinds() -> dict[str, Kind]:
    """The kinds by name, in the order of their names."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return {name: cast(Kind, import_module(f"{__name__}.{name}")) for name in names}
