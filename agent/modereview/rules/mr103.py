"""MR103 no-grad-is-not-eval."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.records import Finding, Program, Severity
from modereview.rules import evaluating
from modereview.rules.base import Rule
from modereview.rules.mr101 import evaluating_in_train


def check(program: Program) -> Iterator[Finding]:
    """Evaluations that can run in TRAIN although the graph is off."""
    yield from evaluating_in_train(RULE, program, graph_off=True)


RULE = Rule(
    id="MR103",
    name="no-grad-is-not-eval",
    severity=Severity.ERROR,
    summary="an evaluation under `no_grad` or `inference_mode` that runs in TRAIN",
    why=(
        "`torch.no_grad()` and `torch.inference_mode()` switch the graph off, not dropout and not batch "
        "statistics: the two are independent. Worse, the forwards still move the running statistics, so a "
        "validation leaks held-out data into the model."
    ),
    source="https://docs.pytorch.org/docs/stable/notes/autograd.html#evaluation-mode-nn-module-eval",
    bad="""\
import torch
from torch import nn

def validate(model, loader):
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    print(validate(model, loader))
""",
    good="""\
import torch
from torch import nn

def validate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    print(validate(model, loader))
""",
    not_flagged=(
        "a forward under `no_grad` whose result is the target of a training step (a teacher, pseudo labels); "
        "statistics that are re-estimated on purpose; all that MR101 leaves alone."
    ),
    fix="`model.eval()` at the start of the evaluating function; `no_grad` stays.",
    check=check,
    mend=evaluating.eval_fixes,
)
