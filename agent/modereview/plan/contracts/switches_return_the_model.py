"""`train()` and `eval()` return the model."""

from __future__ import annotations

from modereview.plan.contracts._traits import module_of, overrides, shadows_train
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """train() and eval() return the model, as `model = Net().eval()` needs it."""
    model, _ = {{ build }}()
    assert model.train() is model, "train() does not return the model: return self"
    assert model.eval() is model, "eval() does not return the model: return self"
'''

CONTRACT = Contract(
    id="switches_return_the_model",
    test="test_switches_return_the_model",
    why="`model = Net().eval()` and `net.train().cuda()` are None where an override forgets `return self`.",
    needs="a `train` or `eval` of the class's own",
    proves=("MR206",),
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To classes that override a switch."""
    return overrides(module_of(recipe, program), program) and not shadows_train(program)
