"""`train(False)` and `eval()` are one switch."""

from __future__ import annotations

from modereview.plan.contracts._traits import defines, module_of, shadows_train
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """train(False) leaves every module in the mode that eval() leaves it in."""
    model, _ = {{ build }}()
    {{ to_eval }}
    by_eval = {name: part.training for name, part in model.named_modules()}
    {{ to_train }}
    model.train(False)
    by_train = {name: part.training for name, part in model.named_modules()}
    differ = [name or "the model" for name in by_eval if by_eval[name] != by_train[name]]
    assert not differ, (
        f"train(False) and eval() leave {', '.join(differ)} in different modes: "
        "an own train() must pass its `mode` on"
    )
'''

CONTRACT = Contract(
    id="train_false_equals_eval",
    test="test_train_false_equals_eval",
    why="Libraries switch by `train(mode)`; an override that ignores `mode` evaluates in TRAIN there.",
    needs="an `eval` of the class's own: that of `nn.Module` is `train(False)`",
    proves=("MR206",),
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To classes that override `eval`."""
    return "eval" in defines(module_of(recipe, program), program) and not shadows_train(program)
