"""`train()` and `eval()` return the model."""

from __future__ import annotations

from modereview.plan.contracts._traits import module_of, overrides
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """eval() and train() work and return the model, as `model = Net().eval()` needs it."""
    model, _ = {{ build }}()
    for name in ("eval", "train"):
        try:
            switched = getattr(model, name)()
        except TypeError as error:
            raise AssertionError(
                f"{name}() fails ({error}): an own train() must take `mode`, or have another name"
            ) from error
        assert switched is model, f"{name}() does not return the model: return self"
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
    """To classes that override a switch, or hide it behind a training of their own."""
    return overrides(module_of(recipe, program), program)
