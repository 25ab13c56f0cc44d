"""train() and eval() reach every module that the model holds."""

from __future__ import annotations

from modereview.plan.contracts._traits import may_freeze, minds_modes, module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Both switches reach every module, those in plain lists and dicts included."""
    model, _ = {{ build }}()
    {{ to_train }}
    missed = [name for name, part in model.named_modules() if not part.training]
    assert not missed, f"model.train() left {', '.join(missed)} in EVAL mode"
    {{ to_eval }}
    parts = [*model.named_modules(), *hidden_modules(model)]
    missed = [name for name, part in parts if part.training]
    assert not missed, (
        f"model.eval() left {', '.join(missed)} in TRAIN mode: modules in a plain list "
        "or dict are not registered; use nn.ModuleList or nn.ModuleDict"
    )
'''

CONTRACT = Contract(
    id="switches_reach_every_submodule",
    test="test_train_and_eval_reach_every_submodule",
    why="A module that no switch reaches keeps its mode for good, and has no parameters to train or to move.",
    needs="something that the mode matters to, and nothing in the file that may freeze it",
    proves=("MR205",),
    on="module",
    template=TEMPLATE,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To models that hold something the mode matters to.

    Files that freeze are left out: keeping norms in EVAL is what most `train` methods of their own are for.
    """
    return minds_modes(module_of(recipe, program)) and not may_freeze(program)
