"""An evaluation that switches the graph off gives it back."""

from __future__ import annotations

from modereview.plan.contracts._evaluations import every_evaluation
from modereview.plan.contracts._scenarios import evaluates_apart, switches_graph
from modereview.records import Contract, Program, Recipe

TEMPLATE = every_evaluation(
    claim="gradients flow again after it",
    watcher="compared",
    wrong="not seen.graph",
    why=" left the graph switched off: what trains next gets no gradient; use `with torch.no_grad():`",
)

CONTRACT = Contract(
    id="evaluation_leaves_gradients_on",
    test="test_evaluation_leaves_gradients_on",
    why="What is trained while the graph is off does not learn, or `backward()` fails.",
    needs="an evaluating function that calls `torch.set_grad_enabled`",
    proves=("MR110",),
    sign="set_grad_enabled|__enter__",
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scenarios whose evaluating function switches the graph by a call."""
    return evaluates_apart(recipe) and switches_graph(recipe, program)
