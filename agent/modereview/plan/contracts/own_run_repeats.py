"""A script that seeds repeats itself: its run leaves every generator in one state."""

from __future__ import annotations

from modereview.plan.contracts._scenarios import seeds_in_part
from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """Each short run of {{ functions }} leaves all generators that it draws from alike."""
    draws = []
    for _ in range(2):
        {{ everything("recorded") }}
        draws.append({{ drawn }})
    first, again = draws
    assert first == again, (
        "the script seeds a generator, and two runs of it left others apart: "
        f"{', '.join(name for name in first if first[name] != again[name])}"
    )
'''

CONTRACT = Contract(
    id="own_run_repeats",
    test="test_own_run_repeats",
    why="One generator that is left out makes every run differ, however carefully the others are seeded.",
    needs="a script that seeds one generator and draws from others, too",
    proves=("MR402",),
    on="scenario",
    template=TEMPLATE,
    imports=(
        "import random",
        "import numpy as np",
    ),
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To scripts whose own run seeds, and draws from what it does not seed."""
    return recipe.rehearsal is not None and bool(recipe.values) and seeds_in_part(program)
