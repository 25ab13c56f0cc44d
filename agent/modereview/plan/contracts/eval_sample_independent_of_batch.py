"""In EVAL, a sample's output does not depend on its batch."""

from __future__ import annotations

from modereview.plan.contracts._traits import rows_are_samples
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """In EVAL mode a sample's output does not depend on the rest of its batch."""
    model, (batch,) = {{ build }}()
    {{ to_eval }}
    copies = batch[:1].expand_as(batch).clone()
    # One seed for both: here only the neighbours may differ, not what is drawn.
    torch.manual_seed(0)
    first = [part[:1] for part in outputs(model, (batch,))]
    torch.manual_seed(0)
    again = [part[:1] for part in outputs(model, (copies,))]
    # Kernels may add numbers up in another order; batch statistics change far more.
    assert same(first, again, rtol=1e-3, atol=1e-5), (
        "the first sample's output changed with its neighbours, by more than rounding: "
        "a norm uses the statistics of the batch in EVAL mode"
    )
'''

CONTRACT = Contract(
    id="eval_sample_independent_of_batch",
    test="test_eval_output_is_independent_of_the_batch",
    why="A prediction that depends on what else is in the batch changes with the batch size.",
    needs="a norm with running statistics, and one input whose first dimension is the batch",
    proves=("MR203", "MR209"),
    on="module",
    template=TEMPLATE,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models with norms and one input, whose first dimension is the batch for certain."""
    return rows_are_samples(recipe, program)
