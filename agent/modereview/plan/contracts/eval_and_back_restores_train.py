"""EVAL and back leaves every module in the mode it had."""

from __future__ import annotations

from modereview.plan.contracts._traits import minds_modes, module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """EVAL and back: what trained before an evaluation trains again after it."""
    model, inputs = {{ build }}()
    {{ to_train }}
    before = {name: part.training for name, part in model.named_modules()}
    {{ to_eval }}
    outputs(model, inputs)
    {{ to_train }}
    after = {name: part.training for name, part in model.named_modules()}
    lost = [name for name in before if before[name] and not after[name]]
    assert after[""] and not lost, (
        f"{', '.join(lost) or 'the model'} came out of one evaluation in EVAL mode, "
        "whatever train() says: training goes on differently from the second epoch on"
    )
'''

CONTRACT = Contract(
    id="eval_and_back_restores_train",
    test="test_eval_and_back_restores_train",
    why="A model that comes back from an evaluation changed trains differently from then on.",
    needs="something that the mode matters to",
    proves=(),
    on="module",
    template=TEMPLATE,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models that hold something the mode matters to."""
    return minds_modes(module_of(recipe, program))
