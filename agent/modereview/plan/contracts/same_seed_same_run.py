"""The same seed twice gives the same run."""

from __future__ import annotations

from modereview.plan.contracts._scenarios import makes_generators, trains
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Three rounds of {{ functions }}: one seed gives the same outputs twice."""
    runs = []
    for _ in range(2):
        seed(0)
        runs.append([one.result for one in {{ everything("resulting") }}])
    # Threads may add numbers up in another order; another draw changes far more.
    assert same(*runs, rtol=1e-3, atol=1e-5), (
        "one seed gave two different runs: something draws from a generator "
        "that seeding python, numpy and torch does not reach"
    )
'''

CONTRACT = Contract(
    id="same_seed_same_run",
    test="test_same_seed_gives_the_same_run",
    why="Results that their seed does not bring back cannot be reproduced.",
    needs="a file that makes generators of its own",
    proves=("MR402", "MR403"),
    sign="seed|Generator|default_rng|RandomState",
    on="scenario",
    template=TEMPLATE,
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To training scenarios of files that make generators of their own."""
    return trains(recipe) and makes_generators(recipe, program)
