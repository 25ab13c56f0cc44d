"""Teachers, targets and EMA copies run in EVAL while another model trains."""

from __future__ import annotations

from modereview.plan.contracts._scenarios import asks_a_teacher, trains
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Three rounds of {{ functions }}: a model that is only asked is in EVAL."""
    asked = {{ training("other_models") }}
    if not asked:
        raise LookupError("no other model ran: adapt the stand-ins")
    wrong = [seen.where for seen in asked if seen.training]
    assert not wrong, (
        f"{wrong[0]} ran in TRAIN mode: what it teaches depends on dropout and on the batch; "
        "call eval() on it first"
    )
'''

CONTRACT = Contract(
    id="teacher_stays_in_eval",
    test="test_teacher_stays_in_eval",
    why="A target that changes from pass to pass is noise that the student learns.",
    needs="a training function that asks a second model",
    proves=("MR108",),
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To training scenarios in which the output of another model is a target."""
    return trains(recipe) and asks_a_teacher(recipe, program)
