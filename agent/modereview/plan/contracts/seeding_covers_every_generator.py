"""A seeding function seeds every generator that the file draws from."""

from __future__ import annotations

from modereview.records import Contract, Program, Recipe

TEMPLATE = '''\
{{ head }}
    """After {{ functions }} every generator of the script draws the same again."""
    draws = []
    for _ in range(2):
        {{ call }}
        draws.append({{ drawn }})
    first, again = draws
    assert first == again, (
        "one seed gave two draws of "
        f"{', '.join(name for name in first if first[name] != again[name])}"
    )
'''

CONTRACT = Contract(
    id="seeding_covers_every_generator",
    test="test_seeding_covers_every_generator",
    why="One generator that is left out makes every run differ, however carefully the others are seeded.",
    needs="a function of the file whose name says that it seeds",
    proves=("MR402",),
    sign="seed",
    on="seeding",
    template=TEMPLATE,
    imports=(
        "import random",
        "import numpy as np",
    ),
    tentative=True,
)


def applies(recipe: Recipe, program: Program) -> bool:
    """To every seeding function that can be called with one number, or with none."""
    return True
