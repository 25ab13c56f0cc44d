"""In EVAL, a forward changes nothing in the model."""

from __future__ import annotations

from modereview.plan.contracts._traits import holds_norm, module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """A forward in EVAL mode changes no parameter and no buffer."""
    model, inputs = {{ build }}()
    {{ to_eval }}
    before = copy.deepcopy(model.state_dict())
    outputs(model, inputs)
    after = model.state_dict()
    changed = [name for name in before if not same([before[name]], [after[name]])]
    assert not changed, (
        f"a forward in EVAL mode changed {', '.join(changed)}: evaluation data leaks "
        "into the model; a norm runs with training=True or was switched back to TRAIN"
    )
'''

CONTRACT = Contract(
    id="eval_leaves_state_alone",
    test="test_eval_leaves_the_model_alone",
    why="Statistics that move during evaluation carry the evaluation data into the model.",
    needs="a norm with running statistics",
    proves=(),
    on="module",
    template=TEMPLATE,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models with norms that keep statistics."""
    return holds_norm(module_of(recipe, program))
