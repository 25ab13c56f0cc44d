"""No silent skip: a file gets a test or a reason, and what a test shows is called by its rule."""

from __future__ import annotations

import shutil
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
LOOP = """\
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 2), nn.Dropout(0.5))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
OUT_OF_VIEW = """\
import torch


class Recipe:
    def fit(self):
        for batch in self.data:
            loss = self.step(batch)
            loss.backward()
"""
VAE = """\
import torch
from torch import nn


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(8, 4)
        self.decode = nn.Linear(2, 8)

    def forward(self, x):
        mu, logvar = self.encode(x).chunk(2, 1)
        std = torch.exp(0.5 * logvar)
        return self.decode(mu + torch.randn_like(std) * std)


model = VAE()
"""


def test_a_script_that_switches_nothing_is_tested_all_the_same(tmp_path: Path, modereview):
    (tmp_path / "train.py").write_text(LOOP)
    ran = modereview("--offline", tmp_path / "train.py")
    assert "1 test written" in ran.text and "1 of 1 mode mutant caught" in ran.text
    assert "def test_training_runs_in_train_mode" in (tmp_path / "test_train_modes.py").read_text()


def test_an_evaluation_in_train_is_noticed_where_a_part_is_frozen(tmp_path: Path, modereview):
    shutil.copy(EXAMPLES / "frozen_backbone.py", tmp_path)
    ran = modereview("--offline", tmp_path / "frozen_backbone.py")
    assert "17 of 17 mode mutants caught" in ran.text


def test_a_training_of_a_model_out_of_view_says_so(tmp_path: Path, modereview):
    (tmp_path / "train.py").write_text(OUT_OF_VIEW)
    ran = modereview("--offline", tmp_path / "train.py")
    assert "No test was written." in ran.text
    assert "Nothing in view tells which model it trains: give what runs it in a recipe" in ran.text


def test_a_sample_that_is_drawn_in_eval_is_called_by_its_rule(tmp_path: Path, modereview):
    (tmp_path / "vae.py").write_text(VAE)
    ran = modereview("--offline", tmp_path / "vae.py")
    assert 'reason="MR208 noise-ignores-mode"' in (tmp_path / "test_vae_modes.py").read_text()
    assert "no rule says why" not in ran.text
