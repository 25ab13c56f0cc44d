"""An evaluation that saves the mode gives it back."""

from __future__ import annotations

from modereview.plan.contracts._scenarios import evaluates_apart, restores_mode
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Three rounds of {{ functions }}: an evaluation gives back the mode that it met."""
    for seen in {{ evaluating("compared") }}:
        assert not seen.switched, (
            f"{seen.where} left {', '.join(seen.switched[:3])} in another mode than it met: "
            "what the caller does next runs in the wrong one"
        )
'''

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
