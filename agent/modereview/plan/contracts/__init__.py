"""The contracts: behaviours that must hold whatever the model, one module each.

A module of this package holds `CONTRACT` and `applies(recipe, program)`; being there registers it.
Names that start with an underscore are helpers.

Templates of a module contract are given `head` (decorators and the def line), `build` (the name of the
function that returns the model and its inputs), `to_train` and `to_eval` (statements that switch `model`).
Those of a scenario: `head`, `functions` (what is run, in words), and expressions of what a watcher of the
header notes, by its name: `everything(watcher)`, `training` and `evaluating` calls, and of `recorded`
forwards those that are `trained` (a gradient came back) or `evaluated`. Those of a seeding function: `head`,
`functions`, `call` and `drawn` (a dict of draws).
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from modereview.plan.contracts._traits import shadows_train
from modereview.records import Contract, Program, Recipe

__all__ = ["ContractModule", "applies", "contract", "contracts", "shadows_train"]

_WATCHER = re.compile(r"\{\{ \w+\(\"(\w+)\"\) \}\}")  # in the template of a scenario's contract


class ContractModule(Protocol):
    """What each module of this package offers."""

    CONTRACT: Contract

    def applies(self, recipe: Recipe, program: Program) -> bool:
        """Whether the contract says anything about this target."""


def contracts() -> tuple[Contract, ...]:
    """All contracts, in the order of a test file: modules first, the basic ones before the others.

    A mutant counts for the first case that catches it, so this is also who is kept of those that catch the
    same.
    """
    found = (module.CONTRACT for module in _modules().values())
    return tuple(sorted(found, key=_place))


def contract(id: str) -> Contract | None:
    """The contract of that id; None for "", which a test of a language model's own has."""
    return next((each for each in contracts() if each.id == id), None)


def applies(contract: Contract, recipe: Recipe, program: Program) -> bool:
    """Whether a contract says anything about the target of a recipe.

    A rehearsal of a whole script notes its forwards, and nothing of what other watchers do.
    """
    watched = set(_WATCHER.findall(contract.template))
    seen = recipe.rehearsal is None or watched == {"recorded"}
    return seen and contract.on == recipe.target.kind and _modules()[contract.id].applies(recipe, program)


def _place(contract: Contract) -> tuple[int, bool, bool, int, str]:
    kind = ("module", "scenario", "seeding").index(contract.on)
    return kind, not contract.basic, contract.tentative, -len(contract.proves), contract.id


@cache
def _modules() -> dict[str, ContractModule]:
    names = (found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    modules = [cast(ContractModule, import_module(f"{__name__}.{name}")) for name in names]
    return {module.CONTRACT.id: module for module in modules}
