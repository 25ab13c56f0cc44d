"""A training loop called `train` on a model without dropout or norms: mended where that is asked for."""

from __future__ import annotations

import pytest

SCRIPT = """\
import torch
from torch import nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.data = []
        self.fc = nn.Linear(4, 2)
        self.optimizer = torch.optim.SGD(self.parameters(), lr=0.1)

    def forward(self, x):
        return torch.softmax(self.fc(x), dim=-1)

    def train(self):
        for reward, chance in self.data:
            self.optimizer.zero_grad()
            (-chance.log() * reward).backward()
            self.optimizer.step()
        self.data = []


def main():
    policy = Policy()
    for episode in range(3):
        policy.data.append((1.0, policy(torch.randn(4))[0]))
        policy.train()


if __name__ == "__main__":
    main()
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "play.py"
    path.write_text(SCRIPT)
    return path


def test_unsafe_fixes_rename_it_with_the_proof_that_eval_works_again(script, modereview):
    ran = modereview("--offline", "--unsafe-fixes", script)
    assert "= proved: test_switches_return_the_model failed before the fix, passes after it" in ran.text
    assert script.read_text() == SCRIPT.replace("def train(", "def train_model(").replace(
        "policy.train()", "policy.train_model()"
    )
    assert "def test_switches_return_the_model(" in (script.parent / "test_play_modes.py").read_text()


def test_by_default_it_is_a_note_and_no_test_is_about_it(script, modereview):
    ran = modereview("--offline", script)
    assert ran.code == 0
    assert "(not written: changes more than the mode: --unsafe-fixes writes it)" in ran.text
    assert script.read_text() == SCRIPT
    tests = script.parent / "test_play_modes.py"
    assert not tests.exists() or "test_switches_return_the_model" not in tests.read_text()


def test_a_second_run_changes_nothing(script, modereview, contents):
    modereview("--offline", "--unsafe-fixes", script)
    before = contents(script.parent)
    ran = modereview("--offline", "--unsafe-fixes", script)
    assert contents(script.parent) == before
    assert "MR206" not in ran.text
