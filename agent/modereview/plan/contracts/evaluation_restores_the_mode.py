"""An evaluation that saves the mode gives it back."""

from __future__ import annotations

from modereview.plan.contracts._evaluations import every_evaluation
from modereview.plan.contracts._scenarios import evaluates_apart, restores_mode
from modereview.records import Contract, Program, Recipe

TEMPLATE = every_evaluation(
    claim="evaluating gives the mode back",
    watcher="compared",
    wrong="seen.after != seen.before",
    why=" left the model in another mode than it met: the caller goes on in it",
)

CONTRACT = Contract(
    id="evaluation_restores_the_mode",
    test="test_evaluation_restores_the_mode",
    why="A caller in the middle of an epoch relies on the mode it had.",
    needs="an evaluating function that keeps the mode and puts it back: `was = model.training`",
    proves=("MR102", "MR111"),
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scenarios whose evaluating function claims to restore the mode."""
    return evaluates_apart(recipe) and restores_mode(recipe, program)
