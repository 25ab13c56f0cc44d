"""Evaluating twice gives the same outputs."""

from __future__ import annotations

from modereview.plan.contracts._scenarios import only_evaluates
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Three rounds of {{ functions }}: each round sees the same outputs."""
    seen = {{ evaluating("resulting") }}
    first, *others = [[s.result for s in seen if s.round == n] for n in (1, 2, 3)]
    # Exact: the same kernels run on the same numbers, in the same order.
    assert all(same(first, other) for other in others), (
        "evaluating again gave other outputs: something random ignores eval(), "
        "or the first evaluation changed the model"
    )
'''

CONTRACT = Contract(
    id="evaluating_again_gives_the_same",
    test="test_evaluating_again_gives_the_same",
    why="A metric that changes from call to call cannot tell a better model from a luckier one.",
    needs="a scenario that only evaluates, on data in a fixed order",
    proves=("MR101", "MR103", "MR201"),
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scenarios without training and without shuffled data."""
    return only_evaluates(recipe)
