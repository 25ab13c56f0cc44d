"""In TRAIN, a model with dropout differs from pass to pass: the determinism test is not blind."""

from __future__ import annotations

from modereview.plan.contracts._traits import module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """In TRAIN mode dropout is on: eight passes over one input are not all equal."""
    model, inputs = {{ build }}()
    {{ to_train }}
    first, *others = [outputs(model, inputs) for _ in range(8)]
    assert not all(same(first, other) for other in others), (
        "eight passes in TRAIN mode gave one output: dropout is never on; "
        "look for a rate of 0, training=False, or an eval() inside the model"
    )
'''

CONTRACT = Contract(
    id="train_is_stochastic",
    test="test_model_is_stochastic_in_training",
    why="Dropout that is never on regularises nothing, and a determinism test of such a model shows nothing.",
    needs="a dropout that is known to drop",
    proves=(),
    on="module",
    template=TEMPLATE,
    basic=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models that are known to drop something."""
    return module_of(recipe, program).stochastic
