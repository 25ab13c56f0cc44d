"""What is said of a fault that nothing could prove: only advice that holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Tools, mend
from modereview.rules import check

MODEL = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 2)
        self.bn = nn.BatchNorm1d(2)

    def forward(self, x):
        return self.bn(self.fc(x))


def train_model(model, loaders, criterion, optimizer):
    for epoch in range(3):
"""
IN_TURN = """\
        for x, y in loaders["train"]:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            print(sum(criterion(model(x), y).item() for x, y in loaders["val"]))
"""
# A `model.train()` before the inner loop would hold for the validation as well.
BY_PHASE = """\
        for phase in ["train", "val"]:
            if phase == "val":
                model.eval()
            for x, y in loaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    loss = criterion(model(x), y)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
"""
END = """

train_model(Net(), {}, nn.CrossEntropyLoss(), None)
"""


def look(source):
    program = analyze(source)
    return program, check(program, (), (), pytest.fail)


@pytest.mark.parametrize(
    ("loop", "state", "reason"),
    [
        (IN_TURN, "suggested", "no test could be run that shows the fault"),
        (BY_PHASE, "reported", "no automatic fix"),
    ],
)
def test_a_fix_is_suggested_only_if_the_analysis_is_content_with_it(loop, state, reason):
    source = parse.decode(Path("/project/train.py"), Path("/project"), (MODEL + loop + END).encode())
    program, findings = look(source)
    done = mend(program, findings, (), (), Tools(look, run=lambda _: ()))
    (verdict,) = [v for v in done.verdicts if v.finding.rule == "MR102"]
    assert (verdict.state, verdict.reason) == (state, reason)
    assert done.source == source
