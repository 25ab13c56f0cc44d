"""The ways to run a review: what each writes, what it says, and its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

SCRIPTS = ("a/train.py", "b/train.py", "b_train.py")  # equal stems, and names of tests that collide
XFAIL = """@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="MR102 trains-in-eval-mode"
)
"""
RATE_FROM_INPUT = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(nn.Dropout(x.dim() / 4)(x))


if __name__ == "__main__":
    print(Net()(torch.randn(8, 4)))
"""


def project(root, *names, text, tests=True):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "pyproject.toml").touch()
    if tests:
        (root / "tests").mkdir()
    return root


@pytest.fixture(scope="module")
def story(tmp_path_factory, zombie, modereview, contents):
    """A project of several scripts: looked at, mended by one command, looked at again, taken back."""
    root = project(tmp_path_factory.mktemp("story"), *SCRIPTS, text=zombie)
    told, seen = {}, {"original": contents(root)}
    for name, words in {
        "check": ("--check", root / "a" / "train.py"),
        "diff": ("--diff", root),
        "fix": (root,),
        "again": (root, "--format", "json"),
        "undo": ("undo", root),
    }.items():
        told[name] = modereview(*words)
        seen[name] = contents(root)
    return told, seen


def test_check_proves_but_writes_nothing(story):
    told, seen = story
    assert seen["check"] == seen["original"]
    assert told["check"].code == 1
    assert "1 error, fix proved, not written." in told["check"].text


def test_one_command_mends_a_folder(story, mended):
    told, seen = story
    assert told["fix"].code == 0
    assert "3 files: 3 errors, fixed and proved." in told["fix"].text
    assert {seen["fix"][name] for name in SCRIPTS} == {mended.encode()}


def test_each_script_gets_a_test_file_of_its_own(story):
    _, seen = story
    tests = {name: text.decode() for name, text in seen["fix"].items() if name.startswith("tests/")}
    loaded = {text.partition(".parents[1] / ")[2].partition("\n")[0] for text in tests.values()}
    assert loaded == {f'"{name}"' for name in SCRIPTS}
    assert len(tests) == len(SCRIPTS)


def test_diff_writes_nothing_and_its_patch_is_what_fix_writes(story, tmp_path, contents):
    told, seen = story
    assert seen["diff"] == seen["original"]
    assert told["diff"].code == 1
    for name, content in seen["original"].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    subprocess.run(["git", "apply", "-"], input=told["diff"].out, cwd=tmp_path, check=True)
    assert contents(tmp_path) == seen["fix"]


def test_a_second_run_finds_and_changes_nothing(story):
    told, seen = story
    assert seen["again"] == seen["fix"]
    assert told["again"].code == 0
    files = json.loads(told["again"].out)["files"]
    assert [file["written"] for file in files] == [[]] * len(SCRIPTS)
    assert {f["severity"] for file in files for f in file["findings"]} <= {"note"}


def test_undo_takes_the_whole_review_back(story):
    told, seen = story
    assert told["undo"].code == 0
    assert seen["undo"] == seen["original"]


@pytest.fixture(scope="module")
def unmended(tmp_path_factory, zombie, modereview, contents):
    """A review with --no-fix, its tests in a folder of the user's choice."""
    root = project(tmp_path_factory.mktemp("unmended"), "train.py", text=zombie)
    ran = modereview("--no-fix", root / "train.py", "--tests-dir", root / "checks")
    return root, ran, contents(root)


def test_no_fix_writes_tests_alone(unmended, zombie):
    _, ran, seen = unmended
    assert ran.code == 1
    assert seen.keys() == {"train.py", "checks/test_train_modes.py", "pyproject.toml"}
    assert seen["train.py"] == zombie.encode()


def test_an_unmended_fault_is_marked_and_told_as_such(unmended):
    _, ran, seen = unmended
    assert seen["checks/test_train_modes.py"].decode().count(XFAIL) == 1
    assert "= test_training_runs_in_train_mode fails on this code\n" in ran.text
    assert "1 fails as marked (xfail)" in ran.text


@pytest.fixture
def by_hand(unmended, mended, tmp_path):
    """The same project once its user has mended the script."""
    root = project(tmp_path / "by_hand", "train.py", text=mended)
    (root / "checks").mkdir()
    (root / "checks" / "test_train_modes.py").write_bytes(unmended[2]["checks/test_train_modes.py"])
    return root


def test_the_marked_suite_is_green_until_the_fault_is_mended(unmended, by_hand, tmp_path):
    outcomes = plain_pytest(tmp_path / "results.xml", unmended[0], by_hand)
    before, after = outcomes[: len(outcomes) // 2], outcomes[len(outcomes) // 2 :]
    assert sorted(before) == ["passed"] * (len(before) - 1) + ["xfail"]
    assert sorted(after) == ["failed: [XPASS(strict)] MR102 trains-in-eval-mode"] + ["passed"] * (
        len(after) - 1
    )


def plain_pytest(report, *folders):
    """What plain pytest, in a process of its own, makes of each test."""
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *options, *folders]
    subprocess.run(command, cwd=report.parent, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return [_outcome(case) for case in ElementTree.parse(report).iter("testcase")]


def _outcome(case):
    bad = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
    if bad is None:
        return "passed"
    return "xfail" if bad.get("type") == "pytest.xfail" else f"failed: {bad.get('message')}"


def test_a_mark_goes_when_the_user_has_mended_the_fault(by_hand, modereview):
    ran = modereview(by_hand / "train.py", "--tests-dir", by_hand / "checks")
    text = (by_hand / "checks" / "test_train_modes.py").read_text()
    assert ran.code == 0
    assert "xfail" not in text and "def test_training_runs_in_train_mode" in text


def test_a_fault_without_a_fix_keeps_its_marked_test(tmp_path, modereview):
    script = project(tmp_path, "train.py", text=RATE_FROM_INPUT) / "train.py"
    ran = modereview(script)
    assert ran.code == 1
    assert script.read_text() == RATE_FROM_INPUT
    assert "= proved: test_model_determinism fails on this code\n" in ran.text
    suite = (tmp_path / "tests" / "test_train_modes.py").read_text()
    assert "xfail(" in suite and 'reason="MR203 layer-built-in-forward"' in suite


@pytest.fixture
def nothing_runs(monkeypatch):
    def refuse(*_):
        raise AssertionError("a sandbox was started")

    monkeypatch.setattr("modereview.review.Worker", refuse)


@pytest.mark.usefixtures("nothing_runs")
def test_static_runs_and_writes_nothing(tmp_path, zombie, modereview, contents):
    root = project(tmp_path, "train.py", text=zombie)
    before = contents(root)
    ran = modereview("--static", root)
    assert (ran.code, contents(root)) == (1, before)
    assert "MR102" in ran.text and "Nothing was run." in ran.text
    assert not (root / ".modereview").exists()


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize(
    ("words", "code"),
    [("--select MR102", 1), ("--select MR1", 1), ("--select MR2", 0), ("--ignore MR102", 0)],
)
def test_rules_are_selected_and_ignored(tmp_path, zombie, modereview, words, code):
    root = project(tmp_path, "train.py", text=zombie)
    ran = modereview("--static", root, *words.split())
    assert (ran.code, "MR102" in ran.text) == (code, bool(code))
