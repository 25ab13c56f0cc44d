"""`push-fixes`: one commit on the branch, of what the diff holds and nothing else."""

from __future__ import annotations

import pytest
from modereview.github.pull import Pull
from modereview.github.push import push
from modereview.github.told import Change
from stage.hub import ALL, NUMBER, REPOSITORY
from stage.made import handover, told

MENDED = Change("train.py", "import torch\n", executable=True)
TESTS = Change("tests/test_train_modes.py", "def test(): ...\n")


@pytest.fixture
def pushed(hub):
    hub.rights = ALL

    def run(**more):
        pull = Pull(hub.client(), REPOSITORY, NUMBER)
        given = {"mended": (MENDED,), "tests": (TESTS,), **more}
        return push(pull, handover(told(), **given), pull.diff())

    return run


def test_fixes_and_tests_are_one_commit(hub, pushed):
    assert pushed() == "Pushed to topic: train.py, tests/test_train_modes.py."
    assert hub.tree == {"train.py": "import torch\n", "tests/test_train_modes.py": "def test(): ...\n"}
    assert [entry["mode"] for entry in hub.sent("POST", "trees")[0]["tree"]] == ["100755", "100644"]
    assert hub.head == "e" * 40


def test_the_message_has_no_word_of_the_branch_in_it(hub, pushed):
    pushed()
    assert hub.commits[0]["message"].startswith("Mend train and eval modes, with tests\n")


def test_a_fork_is_not_pushed_to(hub, pushed):
    hub.fork = True
    assert "lies in a fork" in pushed()
    assert hub.commits == []


def test_a_branch_that_moved_on_is_not_pushed_to(hub, pushed):
    hub.head = "9" * 40
    assert "moved on" in pushed()
    assert hub.commits == []


def test_without_permission_it_is_said(hub, pushed):
    hub.rights = ALL - {"contents"}
    assert pushed().startswith("Nothing was pushed: GitHub refused it (403: Resource not accessible")


@pytest.mark.parametrize(
    "path",
    [
        "other.py",
        ".github/workflows/ci.yml",
        "../train.py",
        "/etc/passwd",
        "setup.cfg",
        ".git/hooks/x.py",
        "a//b.py",
    ],
)
def test_only_python_files_of_the_diff_are_mended(hub, pushed, path):
    hub.files[".github/workflows/ci.yml"] = "@@ -1 +1 @@\n-a\n+b"
    assert pushed(mended=(Change(path, "x"),), tests=()) == "There is no proved fix to push."
    assert hub.commits == []


@pytest.mark.parametrize(
    "path",
    [
        "conftest.py",
        ".github/test_x_modes.py",
        "../test_x_modes.py",
        "/test_x_modes.py",
        "test_x_modes.sh",
        "a/./test_x_modes.py",
    ],
)
def test_only_test_files_of_ours_are_added(hub, pushed, path):
    pushed(tests=(Change(path, "x"),))
    assert set(hub.tree) == {"train.py"}
