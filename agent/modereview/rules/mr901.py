"""MR901 trains-on-import."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Finding, Fix, Program, Severity
from modereview.rules.base import Rule, fix

_CELL = re.compile(r"#\s*(%%|In\[)")


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


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """The guard around the training, evaluations right before it, and what follows.

    Never by itself: who imports the file loses that. An `if` makes no scope: names that functions read as
    globals stay globals. Where the rest of the file defines or imports something, others may want it: no fix.
    Nor where it is cut into cells (`# %%`): an editor runs them one by one.
    """
    rest = program.block[_first(program, finding) :]
    defines = any(isinstance(s, ir.Define | ir.DefineClass | ir.Import) for s in walk.statements(rest))
    guarded = any(map(walk.is_main_guard, rest))
    lines = program.source.lines[rest[0].span.line - 1 : rest[-1].span.end_line]
    if defines or guarded or any(map(_CELL.match, lines)):
        return
    guard = 'if __name__ == "__main__":'
    moved = edits.wrap(program.source, rest[0].span, rest[-1].span, guard)
    why = "importing the file no longer trains, nor makes what the training leaves behind"
    yield fix(program.source, finding, f"put it under `{guard}`", *moved, consequence=why, safe=False)


def _first(program: Program, finding: Finding) -> int:
    """Where the guard begins: at the first of the statements in a row that run a model up to there."""
    first = next(i for i, s in enumerate(program.block) if walk.within(finding.span, s.span))
    while first and _runs_a_model(program, program.block[first - 1]):
        first -= 1
    return first


def _runs_a_model(program: Program, statement: ir.Stmt) -> bool:
    if isinstance(statement, ir.Define | ir.DefineClass | ir.Import):
        return False
    return any(walk.within((*f.path, f.span)[0], statement.span) for f in program.forwards)


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
    fix=(
        "the guard around the training, the evaluations right before it and what follows, with "
        "`--unsafe-fixes`; names stay global. None where functions, classes, imports or `# %%` cells follow."
    ),
    check=check,
    mend=mend,
    safe=False,
    mends_notes=True,
)
