"""What is evaluated runs in EVAL, in every epoch."""

from __future__ import annotations

from modereview.plan.contracts._scenarios import evaluates
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Three rounds of {{ functions }}: every evaluating forward is in EVAL mode."""
    evaluated = {{ evaluated("recorded") }}
    if not evaluated:
        raise LookupError("nothing was evaluated: adapt the stand-ins")
    wrong = [seen.where for seen in evaluated if seen.mode == "TRAIN"]
    assert not wrong, (
        f"{len(wrong)} of {len(evaluated)} evaluating forwards ran in TRAIN mode, "
        f"the first is {wrong[0]}: dropout and batch statistics falsify the result; "
        "call eval() on the model first"
    )
'''

CONTRACT = Contract(
    id="evaluation_runs_in_eval_mode",
    test="test_evaluation_runs_in_eval_mode",
    why="Metrics and predictions made in TRAIN are random, and move the batch statistics.",
    needs="a function or method that evaluates or predicts",
    proves=("MR101", "MR103", "MR105", "MR106", "MR107"),
    on="scenario",
    template=TEMPLATE,
    basic=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scenarios that evaluate or predict."""
    return evaluates(recipe)
