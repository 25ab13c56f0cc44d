"""The contracts: behaviours that must hold whatever the model, one module each.

A module of this package holds `CONTRACT` and `applies(recipe, program)`; being there registers it.
Names that start with an underscore are helpers.

Templates of a module contract are given `head` (decorators and the def line), `build` (the name of the
function that returns the model and its inputs), `to_train` and `to_eval` (statements that switch `model`).
Those of a scenario: `head`, `functions` (what is run, in words), `trained` and `evaluated` (expressions of
the recorded forwards that a gradient came back to, and of those that only evaluate).
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from modereview.plan.contracts._traits import shadows_train
from modereview.records import Contract, Program, Recipe

__all__ = ["ContractModule", "applies", "contracts", "shadows_train"]


class ContractModule(Protocol):
    """What each module of this package offers."""

    CONTRACT: Contract

    def applies(self, recipe: Recipe, program: Program) -> bool:
        """Whether the contract says anything about this target."""


def contracts() -> tuple[Contract, ...]:
    """All contracts, in the order of a test file: modules first, and first what shows most rules broken."""
    found = (module.CONTRACT for module in _modules().values())
    return tuple(sorted(found, key=lambda contract: (contract.on, -len(contract.proves), contract.id)))


def applies(contract: Contract, recipe: Recipe, program: Program) -> bool:
    """Whether a contract says anything about the target of a recipe."""
    return contract.on == recipe.target.kind and _modules()[contract.id].applies(recipe, program)


@cache
def _modules() -> dict[str, ContractModule]:
    names = (found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    modules = [cast(ContractModule, import_module(f"{__name__}.{name}")) for name in names]
    return {module.CONTRACT.id: module for module in modules}
