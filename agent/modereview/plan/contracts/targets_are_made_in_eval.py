"""What a script asks a teacher is answered in EVAL."""

from __future__ import annotations

from modereview.plan.contracts._lines import runs_in_eval, shown_by_own_run
from modereview.records import Contract, Program, Recipe

TEMPLATE = runs_in_eval(
    lines="asked",
    claim="what makes targets is in EVAL mode",
    why="the targets depend on dropout and on the batch; call eval() on the teacher",
)

CONTRACT = Contract(
    id="targets_are_made_in_eval",
    test="test_targets_are_made_in_eval_mode",
    why="A teacher that is asked in TRAIN gives other targets each time, and drifts.",
    needs="a script that builds a second model and trains on its outputs",
    proves=("MR108",),
    sign=r"teacher|student|distil|target_?(net|model|q|enc)|\bema\b",
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scripts whose own run asks a teacher."""
    return shown_by_own_run(recipe, "target")
