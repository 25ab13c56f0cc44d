"""In EVAL, a batch of one is as good as any."""

from __future__ import annotations

from modereview.plan.contracts._traits import rows_are_samples
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """In EVAL mode a single sample can be predicted."""
    model, (batch,) = {{ build }}()
    {{ to_eval }}
    try:
        outputs(model, (batch[:1],))
    except ValueError as error:
        raise AssertionError(
            f"a batch of one fails in EVAL mode ({error}): a norm uses batch statistics"
        ) from error
'''

CONTRACT = Contract(
    id="batch_of_one_works_in_eval",
    test="test_batch_of_one_works_in_eval",
    why="Predictions are often made one by one; a norm left in TRAIN refuses, or answers with zeros.",
    needs="a norm with running statistics, and one input whose first dimension is the batch",
    proves=("MR203", "MR209"),
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models with norms and one input, whose first dimension is the batch for certain."""
    return rows_are_samples(recipe, program)
