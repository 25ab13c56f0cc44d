"""The flow's answer, held against what generated programs do when they run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from differential import comparison
from differential.comparison import Tally, compare
from differential.recorder import Ran, record
from modereview.records import Mode

PROGRAMS = 2_000


def test_the_flow_says_what_programs_do():
    tally = Tally()
    compare(tally, PROGRAMS)
    print(tally)
    assert tally.given_up == 0
    assert tally.share >= 0.9


SCRIPT = """\
import torch
class Net(torch.nn.Module):
    def forward(self, x): return x
def use(m):
    return m(1)
net = Net().eval()
use(net)
"""


def test_the_recorder_tells_mode_and_call_path():
    assert record(SCRIPT) == [Ran((7, 5), "EVAL")]


@pytest.mark.parametrize(("claim", "complaints"), [("TRAIN", 2), ("UNKNOWN", 0), ("EVAL", 0)])
def test_a_wrong_claim_is_noticed(claim: str, complaints: int, monkeypatch: pytest.MonkeyPatch):
    right = comparison.analyze

    def claiming(source):
        program = right(source)
        return replace(program, forwards=tuple(replace(f, mode=Mode(claim)) for f in program.forwards))

    monkeypatch.setattr(comparison, "analyze", claiming)
    tally = Tally()
    assert len(tally.add(SCRIPT)) == complaints
    assert (tally.ran, tally.must) == (1, claim != "UNKNOWN")
