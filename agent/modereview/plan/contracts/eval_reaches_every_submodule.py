"""eval() reaches every module of a model, also of one that keeps some in EVAL."""

from __future__ import annotations

from modereview.plan.contracts._traits import may_freeze, minds_modes, module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """eval() switches every module to EVAL, whatever train() keeps there."""
    model, _ = {{ build }}()
    {{ to_train }}
    {{ to_eval }}
    parts = [*model.named_modules(), *hidden_modules(model)]
    missed = [name or "the model" for name, part in parts if part.training]
    assert not missed, (
        f"model.eval() left {', '.join(missed)} in TRAIN mode: an own train() must pass its "
        "`mode` on, and parts belong into nn.ModuleList or nn.ModuleDict"
    )
'''

CONTRACT = Contract(
    id="eval_reaches_every_submodule",
    test="test_eval_reaches_every_submodule",
    why="An override that keeps norms frozen is easily one that keeps dropout on.",
    needs="something that the mode matters to, in a file that freezes or has a `train` of its own",
    proves=("MR205", "MR206"),
    sign=r"def (train|eval)\(self",
    on="module",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models that hold something the mode matters to, where not both switches are asked about."""
    return minds_modes(module_of(recipe, program)) and may_freeze(program)
