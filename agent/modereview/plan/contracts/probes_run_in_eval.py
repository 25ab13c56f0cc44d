"""A dummy forward moves no statistics."""

from __future__ import annotations

from modereview.plan.contracts._lines import runs_in_eval, shown_by_own_run
from modereview.records import Contract, Program, Recipe

TEMPLATE = runs_in_eval(
    lines="probed",
    claim="a dummy forward is in EVAL mode",
    why="the running statistics take in made-up data; probe in EVAL mode",
)

CONTRACT = Contract(
    id="probes_run_in_eval",
    test="test_probes_run_in_eval_mode",
    why="Statistics that begin with zeros or noise belong to no data at all.",
    needs="a script that tries a model with batch norms out before it trains it",
    proves=("MR504",),
    sign=r"torch\.(zeros|ones|randn?)\(|dummy",
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scripts whose own run probes a model."""
    return shown_by_own_run(recipe, "unknown")
