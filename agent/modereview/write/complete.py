"""A plan with recipes that its own search did not find: a model's, or those of an earlier plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from modereview.plan.contracts import contracts
from modereview.records import Contract, Plan, Program, Recipe

Pair = tuple[Contract, Recipe]


def complete(plan: Plan, pairs: Iterable[Pair]) -> Plan:
    """The plan with these contracts on these recipes, as far as it does not reach their targets."""
    missing = {item.target.name for item in plan.unreached}
    added = [(contract, recipe) for contract, recipe in pairs if recipe.target.name in missing]
    recipes = tuple(dict.fromkeys(recipe for _, recipe in added))
    run, reached = _run_by(plan.program, recipes), {recipe.target.name for recipe in recipes}
    return replace(
        with_pairs(plan, added),
        unreached=tuple(
            item
            for item in plan.unreached
            if item.target.name not in reached
            and not (item.target.functions and run.issuperset(item.target.functions))
        ),
    )


def with_pairs(plan: Plan, pairs: Iterable[Pair]) -> Plan:
    """The plan with these contracts on these recipes as well, in the order of a test file."""
    whole = dict.fromkeys((*plan.pairs, *pairs))
    order = {contract.id: place for place, contract in enumerate(contracts())}
    known = dict.fromkeys((*plan.recipes, *(recipe for _, recipe in pairs)))
    return replace(plan, recipes=tuple(known), pairs=tuple(sorted(whole, key=lambda pair: order[pair[0].id])))


def _run_by(program: Program, recipes: Sequence[Recipe]) -> set[str]:
    """The functions of the file that the recipes run, directly or not."""
    found = {name for recipe in recipes for name in recipe.target.functions}
    while fresh := {callee for caller, callee in program.calls if caller in found} - found:
        found |= fresh
    return found
