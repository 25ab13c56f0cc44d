"""A fix that turns a test of the user's red is not written, whatever ours say. Runs in the real sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SCRIPT = """\
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return F.dropout(self.fc(x), 0.5)
"""
LIKES_NOISE = """\
import torch
import train


def test_sampling_varies():
    net = train.Net().eval()
    assert len({net(torch.ones(1, 4)).sum().item() for _ in range(64)}) > 1
"""
INDIFFERENT = """\
import train


def test_it_is_there():
    assert train.Net().fc.in_features == 4


def test_it_is_broken_already():
    assert False
"""


@pytest.mark.parametrize(("test", "state"), [(LIKES_NOISE, "suggested"), (INDIFFERENT, "fixed")])
def test_the_users_tests_have_a_say(tmp_path: Path, modereview, test: str, state: str):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "test_net.py").write_text(test)
    (tmp_path / "train.py").write_text(SCRIPT)
    ran = modereview("--offline", "--check", "--format", "json", tmp_path / "train.py")
    (finding,) = json.loads(ran.out)["files"][0]["findings"]
    assert finding["state"] == state


def test_an_unproved_fix_is_in_the_patch_where_that_is_asked_for(tmp_path: Path, modereview):
    (tmp_path / "pyproject.toml").touch()
    script = tmp_path / "train.py"
    locked = (
        "def __init__(self, key):\n        if str(key) != 'no one knows':\n            raise ValueError(key)"
    )
    script.write_text(SCRIPT.replace("def __init__(self):", locked))
    ran = modereview("--offline", "--diff", "--unproved", script)
    assert b"+        return F.dropout(self.fc(x), 0.5, training=self.training)" in ran.out
    assert "unproved: pass `training=self.training` to `F.dropout`" in ran.err
    assert "no test could be run that shows the fault" in ran.err


def test_what_pytest_cannot_collect_is_not_left_behind(tmp_path: Path, modereview):
    package = tmp_path / "package"
    package.mkdir()
    (tmp_path / "pyproject.toml").touch()
    (package / "__init__.py").write_text("import a_package_that_is_not_there\n")
    (package / "net.py").write_text(SCRIPT)
    ran = modereview("--offline", package / "net.py")
    assert sorted(path.name for path in package.glob("*.py")) == ["__init__.py", "net.py"]
    assert "No test was written." in ran.text and "mutant" not in ran.text and "Not caught" not in ran.text
    assert "Not run: pytest itself could not run the test, which is left out: ModuleNotFoundError" in ran.text
    assert "fix suggested, not proved" in ran.text and (package / "net.py").read_text() == SCRIPT
