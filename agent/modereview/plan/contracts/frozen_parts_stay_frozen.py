"""What train() keeps in EVAL is still there after an evaluation."""

from __future__ import annotations

from modereview.plan.contracts._traits import freezes, module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """What train() keeps in EVAL mode is still frozen after an evaluation."""
    model, inputs = {{ build }}()
    {{ to_train }}
    frozen = {name for name, part in model.named_modules() if not part.training}
    assert frozen, "train() thaws every module: what it is to keep in EVAL mode trains"
    {{ to_eval }}
    outputs(model, inputs)
    {{ to_train }}
    thawed = [name for name in frozen if model.get_submodule(name).training]
    assert not thawed, f"{', '.join(thawed)} trains again after the first evaluation"
'''

CONTRACT = Contract(
    id="frozen_parts_stay_frozen",
    test="test_frozen_parts_stay_frozen",
    why="Norms that thaw take the statistics of small batches into a pretrained model, and nobody notices.",
    needs="a `train` of the class's own that switches a part to EVAL",
    proves=("MR207", "MR206"),
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To classes whose own `train` holds a part in EVAL."""
    return freezes(module_of(recipe, program), program)
