"""EVAL and back leaves dropout on."""

from __future__ import annotations

from modereview.plan.contracts._traits import module_of, writes_itself
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """EVAL and back: dropout is on again after an evaluation."""
    model, inputs = {{ build }}()
    {{ to_eval }}
    outputs(model, inputs)
    {{ to_train }}
    first, *others = [outputs(model, inputs) for _ in range(8)]
    assert not all(same(first, other) for other in others), (
        "after an evaluation, eight passes in TRAIN mode gave one output: a forward in EVAL mode "
        "overwrites the dropout rate or the flag; compute it, and store nothing"
    )
'''

CONTRACT = Contract(
    id="eval_and_back_restores_dropout",
    test="test_eval_and_back_restores_dropout",
    why="A rate that an evaluation sets to 0 regularises nothing from the second epoch on.",
    needs="a dropout that is known to drop, and a forward that writes an attribute of the model",
    proves=("MR210",),
    sign=r"\.(p|training)\s*=[^=]",
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models that drop something, and that a forward changes."""
    module = module_of(recipe, program)
    return module.stochastic and writes_itself(module, program)
