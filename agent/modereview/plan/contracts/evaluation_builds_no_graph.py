"""What evaluates under `no_grad` goes on to do so."""

from __future__ import annotations

from modereview.plan.contracts._scenarios import evaluates, evaluates_without_graph
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Three rounds of {{ functions }}: no evaluating forward builds the graph."""
    evaluated = {{ evaluated("recorded") }}
    if not evaluated:
        raise LookupError("nothing was evaluated: adapt the stand-ins")
    built = [seen.where for seen in evaluated if seen.graph]
    assert not built, (
        f"{len(built)} of {len(evaluated)} evaluating forwards built the graph, "
        f"the first is {built[0]}: memory grows with each batch; use torch.no_grad()"
    )
'''

CONTRACT = Contract(
    id="evaluation_builds_no_graph",
    test="test_evaluation_builds_no_graph",
    why="An evaluation that keeps the graph takes several times the memory, and may run out of it.",
    needs="evaluating forwards that the file runs under `no_grad` or `inference_mode`",
    proves=("MR104",),
    sign="no_grad|inference_mode",
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scenarios whose evaluations are without the graph as far as the analysis sees."""
    return evaluates(recipe) and evaluates_without_graph(recipe, program)
