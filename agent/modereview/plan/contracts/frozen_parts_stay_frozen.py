"""What is kept in EVAL while the rest trains stays there."""

from __future__ import annotations

from modereview.plan.contracts._traits import freezes, module_of
from modereview.records import Contract, Program, Recipe
from modereview.rules.freezing import at_construction

TEMPLATE = '''\
{{ head }}
    """What is frozen in a new model, or by train(), is still frozen after an evaluation."""
    model, inputs = {{ build }}()
    frozen = {name for name, part in model.named_modules() if not part.training}
    if not frozen and type(model).train is nn.Module.train:
        raise LookupError("nothing is frozen in a new model: adapt the stand-ins")
    {{ to_train }}
    thawed = [name for name in frozen if model.get_submodule(name).training]
    assert not thawed, f"the first train() thaws {', '.join(thawed)}"
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
    needs="a part that `__init__`, or a `train` of the class's own, switches to EVAL",
    proves=("MR207", "MR206"),
    sign=r"requires_grad|freez|froz|def (train|eval)\(self",
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To classes that hold a part in EVAL: from the start, or by their own `train`."""
    module = module_of(recipe, program)
    return freezes(module, program) or at_construction(program, module) is not None
