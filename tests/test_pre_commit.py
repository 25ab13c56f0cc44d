"""The hook in a scratch repository, run by pre-commit itself; its environment is the one of the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FAULTY = """\
import torch
from torch import nn


def train(model, loader, optimizer):
    for data in loader:
        model(data).sum().backward()
        optimizer.step()


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum(model(data).sum().item() for data in loader)


def main(train_loader, test_loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(3):
        train(model, train_loader, optimizer)
        print(validate(model, test_loader))
"""


@pytest.fixture
def committed(tmp_path, monkeypatch):
    """Runs the hook on what is staged; gives the exit code and what is shown."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    local = {**hook, "language": "system", "entry": f"{Path(sys.executable).parent}/{hook['entry']}"}
    repository = tmp_path / "project"
    repository.mkdir()
    config = {"repos": [{"repo": "local", "hooks": [local]}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "cache"))

    def run(**files):
        subprocess.run(["git", "init", "--quiet"], cwd=repository, check=True)
        for name, text in files.items():
            (repository / f"{name}.py").write_text(text)
        subprocess.run(["git", "add", "."], cwd=repository, check=True)
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--color=never"],
            cwd=repository,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr, repository

    return run


def test_a_fault_stops_the_commit_and_nothing_is_changed(committed):
    code, shown, repository = committed(train=FAULTY)
    assert code == 1
    assert "MR102 trains-in-eval-mode" in shown
    assert (repository / "train.py").read_text() == FAULTY
    assert sorted(path.name for path in repository.glob("*.py")) == ["train.py"]


def test_clean_files_pass(committed):
    code, shown, _ = committed(
        train=FAULTY.replace(
            "    for data in loader:\n        model(",
            "    model.train()\n    for data in loader:\n        model(",
        )
    )
    assert (code, "Passed" in shown) == (0, True), shown


def test_an_empty_file_passes(committed):
    code, shown, _ = committed(__init__="")
    assert (code, "Passed" in shown) == (0, True), shown
