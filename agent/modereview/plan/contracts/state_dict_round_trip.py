"""A state dict holds all that EVAL needs."""

from __future__ import annotations

from modereview.plan.contracts._traits import minds_modes, module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """A model that loads another's state dict gives the same outputs in EVAL mode."""
    model, inputs = {{ build }}()
    loaded, _ = {{ build }}()
    {{ to_train }}
    outputs(model, inputs)  # moves running statistics, where there are any
    loaded.load_state_dict(model.state_dict())
    {{ to_eval }}
    {{ to_eval.replace("model", "loaded", 1) }}
    # One seed for both: here only what is loaded may differ, not what is drawn.
    torch.manual_seed(0)
    first = outputs(model, inputs)
    torch.manual_seed(0)
    assert same(first, outputs(loaded, inputs), rtol=1e-4, atol=1e-6), (
        "a checkpoint does not bring the model back: the state dict lacks part of it, "
        "such as layers in a plain list, or tensors that are no buffers"
    )
'''

CONTRACT = Contract(
    id="state_dict_round_trip",
    test="test_state_dict_brings_the_model_back",
    why="What is not in the state dict is lost with every checkpoint, and new random values take its place.",
    needs="parameters or buffers",
    proves=("MR205", "MR505"),
    sign=r"\b(ema|swa)\b|averag|deepcopy",
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models that hold something the mode matters to."""
    return minds_modes(module_of(recipe, program))
