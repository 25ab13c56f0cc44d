"""A plan with recipes that its own search did not find: a model's, or those of an earlier plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modereview.plan.contracts import applies, contracts
from modereview.records import Plan, Recipe


def with_recipes(plan: Plan, recipes: Sequence[Recipe]) -> Plan:
    """The plan with these recipes for targets that it does not reach, and their contracts."""
    missing = {item.target.name for item in plan.unreached}
    recipes = [recipe for recipe in recipes if recipe.target.name in missing]
    everything = (*plan.recipes, *recipes)
    reached = {recipe.target.name for recipe in recipes}
    return replace(
        plan,
        recipes=everything,
        pairs=tuple((c, r) for c in contracts() for r in everything if applies(c, r, plan.program)),
        unreached=tuple(item for item in plan.unreached if item.target.name not in reached),
    )
