"""What a script exports is in EVAL."""

from __future__ import annotations

from modereview.plan.contracts._lines import runs_in_eval, shown_by_own_run
from modereview.records import Contract, Program, Recipe

TEMPLATE = runs_in_eval(
    lines="exported",
    claim="what is exported is in EVAL mode",
    why="dropout or batch statistics are baked in; call eval() before the export",
)

CONTRACT = Contract(
    id="exports_are_made_in_eval",
    test="test_exports_are_made_in_eval_mode",
    why="An export freezes the mode it was made in; no eval() on it changes that.",
    needs="a script that traces or exports a model",
    proves=("MR301",),
    sign=r"jit\.|onnx|export|torch\.compile",
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scripts whose own run exports a model."""
    return shown_by_own_run(recipe, "export")
