"""A training on import goes under the main guard where that is asked for, proved in the real sandbox."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x)


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def progress(loss):
    return f"{loss.item() / scale >= 0} {done} {model.training}"


scale = 10
for done in range(2):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.randint(0, 2, (8,)))
    loss.backward()
    optimizer.step()
    print(progress(loss))
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, modereview):
    root = tmp_path_factory.mktemp("guarded")
    (root / "train.py").write_text(SCRIPT)
    return root, modereview("--offline", "--unsafe-fixes", root / "train.py")


def test_it_is_proved_and_written(guarded):
    root, ran = guarded
    assert "= proved: test_import_starts_no_training failed before the fix, passes after it" in ran.text
    assert 'if __name__ == "__main__":\n    for done in range(2):\n' in (root / "train.py").read_text()


def test_the_test_that_proves_it_is_kept(guarded):
    root, _ = guarded
    assert "def test_import_starts_no_training(" in (root / "test_train_modes.py").read_text()


def test_functions_still_read_the_names_that_went_under_the_guard(guarded):
    root, _ = guarded
    done = subprocess.run([sys.executable, root / "train.py"], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("True 0 True\nTrue 1 True\n", 0)


def test_a_second_run_changes_nothing(guarded, modereview, contents):
    root, _ = guarded
    before = contents(root)
    ran = modereview("--offline", "--unsafe-fixes", root / "train.py")
    assert contents(root) == before
    assert "MR901" not in ran.text and "may be edited" not in ran.text


def test_by_default_it_is_a_note_and_no_test_is_about_it(tmp_path, modereview):
    (tmp_path / "train.py").write_text(SCRIPT)
    ran = modereview("--offline", tmp_path / "train.py")
    assert ran.code == 0
    assert "(not written: changes more than the mode: --unsafe-fixes writes it)" in ran.text
    assert (tmp_path / "train.py").read_text() == SCRIPT
    assert "test_import_starts_no_training" not in (tmp_path / "test_train_modes.py").read_text()
