"""MR401 unseeded-training."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.records import Finding, Program, Severity
from modereview.rules.base import Rule

_SEEDED = re.compile(r"seed|Generator\(|set_rng_state|determinis", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """The statement of a script that starts a training, if no word of the file is about a seed."""
    if _SEEDED.search(program.source.text):
        return
    training = sorted({(f.path or (f.span,))[0] for f in program.forwards if f.role == "train"})
    if not training:
        return
    for statement in walk.statements(program.block):
        compound = walk.blocks(statement) or isinstance(statement, ir.Define | ir.DefineClass)
        inner = next((s for s in training if walk.within(s, statement.span)), None)
        if inner is not None and not compound:
            yield RULE.finding(
                program,
                inner,
                "this training is another one each time it runs: nothing sets a seed",
                facts=(
                    "initial weights, the order of the data and dropout all draw from unseeded generators",
                    "write `torch.manual_seed(0)` before the model is built, and seed `random` and numpy "
                    "where they are used",
                ),
            )
            return


RULE = Rule(
    id="MR401",
    name="unseeded-training",
    severity=Severity.NOTE,
    summary="a script trains, and no seed is set anywhere in view",
    why=(
        "Initial weights, the order of the data, augmentation and dropout draw from generators that start "
        "somewhere else in each run. Whether a change helped cannot be told from luck, and a bug that "
        "shows once may not show again."
    ),
    source="https://docs.pytorch.org/docs/stable/notes/randomness.html",
    bad="""\
import torch
from torch import nn

def main():
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(10):
        optimizer.zero_grad()
        model(torch.randn(4, 2)).pow(2).mean().backward()
        optimizer.step()

if __name__ == "__main__":
    main()
""",
    good="""\
import torch
from torch import nn

def main():
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(10):
        optimizer.zero_grad()
        model(torch.randn(4, 2)).pow(2).mean().backward()
        optimizer.step()

if __name__ == "__main__":
    main()
""",
    not_flagged=(
        "a file that speaks of a seed anywhere (an option, a helper, `seed_everything`); a file that only "
        "defines what others train with."
    ),
    fix="explained with the line to write: which seed, and whether one is wanted, is the author's to say.",
    check=check,
    safe=False,
)
