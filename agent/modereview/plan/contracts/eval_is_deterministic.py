"""In EVAL, one input has one output."""

from __future__ import annotations

from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """In EVAL mode the same input gives the same output, with no seed in between."""
    model, inputs = {{ build }}()
    {{ to_eval }}
    first = outputs(model, inputs)
    # Several times: on a small output two draws of dropout may agree.
    assert all(same(first, outputs(model, inputs)) for _ in range(5)), (
        "one input gave two outputs in EVAL mode: something random ignores eval(), "
        "such as F.dropout without training=self.training, or a layer made in forward"
    )
'''

CONTRACT = Contract(
    id="eval_is_deterministic",
    test="test_model_determinism",
    why="Results that change from call to call cannot be compared, reproduced or debugged.",
    needs="nothing: it is asked of every model",
    proves=("MR201", "MR203", "MR208", "MR212"),
    on="module",
    template=TEMPLATE,
    basic=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To every model: randomness that no one knows of is what it finds."""
    return True
