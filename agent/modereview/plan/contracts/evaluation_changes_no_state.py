"""An evaluation changes no parameter and no buffer."""

from __future__ import annotations

from modereview.plan.contracts._evaluations import every_evaluation
from modereview.plan.contracts._scenarios import evaluates_apart
from modereview.records import Contract, Program, Recipe

TEMPLATE = every_evaluation(
    claim="evaluating changes no number in the model",
    watcher="compared",
    wrong="seen.changed",
    told='f"{seen.where} changed {seen.changed[0]}"',
    why=": evaluation data leaks into the model",
)

CONTRACT = Contract(
    id="evaluation_changes_no_state",
    test="test_evaluation_changes_no_state",
    why="A model that learns from its validation data reports numbers that are too good.",
    needs="a function that evaluates and does not train",
    proves=("MR101", "MR103", "MR106"),
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scenarios in which a call evaluates and does not train."""
    return evaluates_apart(recipe)
