"""In TRAIN, a batch norm learns the statistics of its batches."""

from __future__ import annotations

from modereview.plan.contracts._traits import may_freeze, module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """A forward in TRAIN mode moves the running statistics of every batch norm."""
    model, inputs = {{ build }}()
    {{ to_train }}
    norms = [
        (name, part, copy.deepcopy(part))
        for name, part in model.named_modules()
        if isinstance(part, nn.modules.batchnorm._BatchNorm)
    ]
    outputs(model, inputs)
    still = [
        name
        for name, part, before in norms
        if part.running_mean is None or same([part.running_mean], [before.running_mean])
    ]
    assert not still, (
        f"a forward in TRAIN mode left the statistics of {', '.join(still)} alone: "
        "evaluation would use those of the first batch, or of each batch it meets"
    )
'''

CONTRACT = Contract(
    id="train_moves_running_statistics",
    test="test_training_moves_running_statistics",
    why="A norm whose statistics never move evaluates with those it was made with, or with each batch's own.",
    needs="a batch norm, and nothing in the file that may freeze it: no `__init__`, no `train` of its own",
    proves=("MR209",),
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models with a batch norm that nothing freezes."""
    return module_of(recipe, program).normed and not may_freeze(program)
