"""MR901 trains-on-import."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.records import Finding, Program, Severity
from modereview.rules.base import Rule


def check(program: Program) -> Iterator[Finding]:
    """The first top-level statement that starts a training outside a main guard."""
    span = program.trains_on_import
    if span is not None and not program.source.cells:  # nobody imports a notebook
        yield RULE.finding(
            program,
            span,
            "importing this file starts the training",
            facts=('put it under `if __name__ == "__main__":`, and tests can import what is defined here',),
        )


RULE = Rule(
    id="MR901",
    name="trains-on-import",
    severity=Severity.NOTE,
    summary='importing the file starts the training: no `if __name__ == "__main__":`',
    why=(
        "What cannot be imported cannot be tested, and on platforms that spawn, DataLoader workers import "
        "the script again. Our tests load such a file by its definitions only."
    ),
    source="https://docs.pytorch.org/docs/stable/data.html#platform-specific-behaviors",
    bad="""\
import torch
from torch import nn

model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(10):
    optimizer.zero_grad()
    model(torch.randn(4, 2)).pow(2).mean().backward()
    optimizer.step()
""",
    good="""\
import torch
from torch import nn

if __name__ == "__main__":
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(10):
        optimizer.zero_grad()
        model(torch.randn(4, 2)).pow(2).mean().backward()
        optimizer.step()
""",
    not_flagged="a training under a main guard, or in a function that only a guard calls.",
    fix="no automatic fix yet: the guard changes the indentation of everything under it.",
    check=check,
    safe=False,
)
