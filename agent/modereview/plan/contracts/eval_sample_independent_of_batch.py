"""In EVAL, a sample's output does not depend on its batch."""

from __future__ import annotations

import ast

from modereview.plan.contracts._traits import holds_norm, kinds_below, module_of
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """In EVAL mode a sample's output does not depend on the rest of its batch."""
    model, (batch,) = {{ build }}()
    {{ to_eval }}
    copies = batch[:1].expand_as(batch).clone()
    # One seed for both: here only the neighbours may differ, not what is drawn.
    torch.manual_seed(0)
    first = [part[:1] for part in outputs(model, (batch,))]
    torch.manual_seed(0)
    again = [part[:1] for part in outputs(model, (copies,))]
    # Kernels may add numbers up in another order; batch statistics change far more.
    assert same(first, again, rtol=1e-3, atol=1e-5), (
        "the first sample's output changed with its neighbours, by more than rounding: "
        "a norm uses the statistics of the batch in EVAL mode"
    )
'''

CONTRACT = Contract(
    id="eval_sample_independent_of_batch",
    test="test_eval_output_is_independent_of_the_batch",
    why="A prediction that depends on what else is in the batch changes with the batch size.",
    proves=("MR203",),
    on="module",
    template=TEMPLATE,
)

# Layers that may take the sequence as the first dimension: its steps depend on each other by design.
_ACROSS = ("RNN", "LSTM", "GRU", "Transformer", "Attention")


def applies(recipe: Recipe, program: Program) -> bool:
    """To models with norms and one input, whose first dimension is the batch for certain.

    With two inputs (nodes and edges, sequence and mask) rows may belong together.
    """
    module = module_of(recipe, program)
    across = any(part in kind for kind in kinds_below(module, program) for part in _ACROSS)
    return holds_norm(module) and not module.opaque and not across and _one_input(recipe)


def _one_input(recipe: Recipe) -> bool:
    code = next(value.code for value in recipe.values if value.name == "inputs")
    inputs = ast.parse(code, mode="eval").body
    return isinstance(inputs, ast.Tuple) and len(inputs.elts) == 1
