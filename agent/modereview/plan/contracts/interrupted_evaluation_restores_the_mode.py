"""An evaluation that fails in the middle gives the mode back, too."""

from __future__ import annotations

from modereview.plan.contracts._evaluations import every_evaluation
from modereview.plan.contracts._scenarios import evaluates_apart, switches_back
from modereview.records import Contract, Program, Recipe

TEMPLATE = every_evaluation(
    claim="the mode comes back after an error, too",
    watcher="interrupted",
    wrong="seen.before and not seen.after",
    why=", interrupted, left the model in EVAL mode: use try and finally",
)

CONTRACT = Contract(
    id="interrupted_evaluation_restores_the_mode",
    test="test_interrupted_evaluation_restores_the_mode",
    why="Whoever catches the error and goes on training does so in EVAL from then on.",
    needs="an evaluating function that switches to EVAL and back",
    proves=("MR111",),
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scenarios whose evaluating function comes back from EVAL."""
    return evaluates_apart(recipe) and switches_back(recipe, program)
