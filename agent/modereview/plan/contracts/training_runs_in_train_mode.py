"""What is trained runs in TRAIN, in every epoch."""

from __future__ import annotations

from modereview.plan.contracts._scenarios import trains
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Three rounds of {{ functions }}: every trained forward is in TRAIN mode."""
    trained = {{ trained("recorded") }}
    if not trained:
        raise LookupError("nothing was trained: adapt the stand-ins")
    wrong = [seen.where for seen in trained if seen.mode == "EVAL"]
    assert not wrong, (
        f"{len(wrong)} of {len(trained)} trained forwards ran in EVAL mode, "
        f"the first is {wrong[0]}: dropout is off and batch statistics stand still; "
        "call train() on the model before each epoch's training"
    )
'''

CONTRACT = Contract(
    id="training_runs_in_train_mode",
    test="test_training_runs_in_train_mode",
    why="A model that trains in EVAL drops nothing and never learns its batch statistics.",
    needs="a function or method that trains",
    proves=("MR102", "MR105", "MR107", "MR109", "MR111"),
    on="scenario",
    template=TEMPLATE,
    basic=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scenarios that train."""
    return trains(recipe)
