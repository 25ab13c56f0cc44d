"""Functions that send all they get to a GPU, on a machine that has none."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

SCRIPT = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(6)
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        noise = torch.zeros(x.shape, device="cuda")
        return self.fc(self.norm(x + noise))


def train(model, loader, optimizer):
    model.cuda()
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x.cuda()), y.to("cuda:0"))
        loss.backward()
        optimizer.step()


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x.cuda()).argmax(1) == y.cuda()).float().mean().item() for x, y in loader)


def main(train_loader, val_loader):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(20):
        train(model, train_loader, optimizer)
        validate(model, val_loader)
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, and nothing has to do without")
def test_what_goes_to_a_gpu_stays_on_the_cpu(tmp_path, modereview):
    (tmp_path / "train.py").write_text(SCRIPT)
    ran = modereview(tmp_path / "train.py")
    assert "proved: test_training_runs_in_train_mode failed before the fix, passes after it" in ran.text
    assert "model.train()" in (tmp_path / "train.py").read_text()
    written = (tmp_path / "test_train_modes.py").read_text()
    assert "class OnTheCpu(TorchFunctionMode):" in written
    assert "test_model_determinism" in written
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tmp_path, check=False
    )
    assert done.returncode == 0
