"""`train(False)` and `eval()` are one switch."""

from __future__ import annotations

from modereview.plan.contracts._traits import defines, module_of, shadows_train
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """train(False) leaves every module as eval() leaves it, in its mode and in all it notes."""

    def flags(model):
        kinds = (bool, int, float, str)
        return {
            name: [pair for pair in vars(part).items() if isinstance(pair[1], kinds)]
            for name, part in model.named_modules()
        }

    model, _ = {{ build }}()
    {{ to_train }}
    twin = copy.deepcopy(model)
    {{ to_eval }}
    twin.train(False)
    by_eval, by_train = flags(model), flags(twin)
    differ = [name or "the model" for name in by_eval if by_eval[name] != by_train[name]]
    assert not differ, (
        f"train(False) and eval() leave {', '.join(differ)} in different states: an own train() "
        "must pass its `mode` on, and do all that eval() does: eval() of parts is never called"
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
