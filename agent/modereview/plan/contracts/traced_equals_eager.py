"""What is exported says what the model says in EVAL."""

from __future__ import annotations

from modereview.plan.contracts._traits import exported
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """The traced model gives the outputs of the model itself in EVAL mode."""
    model, inputs = {{ build }}()
    {{ to_eval }}
    traced = torch.jit.trace(model, copy.deepcopy(inputs), check_trace=False)
    # Compiled kernels may round otherwise; a wrong mode changes far more.
    assert same(outputs(model, inputs), outputs(traced, inputs), rtol=1e-3, atol=1e-5), (
        "the traced model gives other outputs than the model in EVAL mode: "
        "dropout or batch statistics are baked in"
    )
'''

CONTRACT = Contract(
    id="traced_equals_eager",
    test="test_traced_model_equals_the_model_in_eval",
    why="A trace freezes the mode it was made in; the shipped model then drops at random for good.",
    needs="a class that the file exports",
    proves=("MR301",),
    sign=r"jit\.|onnx|export|torch\.compile",
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To classes that the file traces or exports."""
    return exported(recipe.target.name, program)
