"""The examples as a user meets them: one command finds, proves and mends; a second one changes nothing.

All are reviewed together, once, by the real command in a process of its own; each test then looks at one
thing that was left behind. Whether a script is right is also judged without modereview: it is run, and a
recorder notes the mode of every forward.
"""

import ast
import difflib
import json
import runpy
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from ruff.__main__ import find_ruff_bin
from torch.nn.modules.module import register_module_forward_pre_hook

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
RULES = {
    "convnet.py": {"MR201"},
    "layer_in_forward.py": {"MR203"},
    "no_eval.py": {"MR103"},
    "trainer.py": {"MR102"},
    "tutorial.py": {"MR102", "MR901"},
}
EXPLAINED = {"sync_bn.py": {"MR502"}}  # found and explained: no edit of the script alone can mend it
CLEAN = ("clean.py", "custom_dropout.py", "distill.py", "frozen_backbone.py")
RIGHT = {("TRAIN", "trained"), ("EVAL", "evaluated")}
faulty = pytest.mark.parametrize("script", RULES)


@dataclass(frozen=True)
class Story:
    """What happened to the folder of examples, step by step; files by name, results by test file and test."""

    first: list  # what the JSON report says of each file
    second: list
    original: dict[str, bytes]
    mended: dict[str, bytes]
    again: dict[str, bytes]
    undone: dict[str, bytes]
    on_old: dict[str, dict[str, str]]
    on_new: dict[str, dict[str, str]]

    def findings(self, script):
        return next(file["findings"] for file in self.first if file["path"] == script)


def modereview(folder, *arguments):
    """Run the command in a folder; what may be left over is what cannot be mended."""
    command = [sys.executable, "-m", "modereview", *arguments]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def review(folder):
    return json.loads(modereview(folder, "--offline", "--format", "json", "."))["files"]


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.py")}


def folder_of(contents, folder):
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def plain_pytest(folder):
    """Outcomes of the generated tests, by test file and test: plain pytest, started somewhere else."""
    report = folder / "results.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={report}", folder]
    subprocess.run(command, cwd=folder.parent, stdin=subprocess.DEVNULL, capture_output=True)
    results = {}
    for case in ElementTree.parse(report).iter("testcase"):
        outcome = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        text = "passed" if outcome is None else f"{outcome.tag}: {outcome.get('message')}"
        results.setdefault(case.get("classname").rpartition(".")[2] + ".py", {})[case.get("name")] = text
    return results


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    for script in EXAMPLES.glob("*.py"):
        shutil.copy(script, folder)
    original, first, mended = files(folder), review(folder), files(folder)
    on_new = plain_pytest(folder)
    on_old = plain_pytest(folder_of(mended | original, tmp_path_factory.mktemp("old")))
    second, again = review(folder), files(folder)
    modereview(folder, "undo")
    return Story(first, second, original, mended, again, files(folder), on_old, on_new)


def suite_of(script):
    return f"test_{script.removesuffix('.py')}_modes.py"


def recorded_modes(path, monkeypatch):
    """Run a script as its author does; {(mode, what for)} of all forwards of its model and all dropouts."""
    seen = set()

    def record(training):
        seen.add(("TRAIN" if training else "EVAL", "trained" if torch.is_grad_enabled() else "evaluated"))

    def before_forward(module, _inputs):
        if type(module).__module__ == "__main__":
            record(module.training)

    dropout = torch.nn.functional.dropout

    def recording_dropout(tensor, p=0.5, training=True, inplace=False):
        record(training)
        return dropout(tensor, p, training, inplace)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small models: more only get in each other's way
    monkeypatch.setattr("torch.nn.functional.dropout", recording_dropout)
    monkeypatch.setattr("sys.argv", [str(path)])
    hook = register_module_forward_pre_hook(before_forward)
    try:
        runpy.run_path(str(path), run_name="__main__")
    finally:
        hook.remove()
        torch.set_num_threads(threads)
    return seen


@faulty
def test_the_script_really_has_a_fault(script, monkeypatch):
    assert recorded_modes(EXAMPLES / script, monkeypatch) != RIGHT


@faulty
def test_the_right_rules_are_found(story, script):
    found = {finding["rule"] for finding in story.findings(script)}
    assert found - {"MR401"} == RULES[script]  # some are not seeded, as people write them


@faulty
def test_the_fault_is_fixed_and_proved(story, script):
    for finding in story.findings(script):
        if finding["severity"] != "note":
            assert finding["state"] == "fixed"
            assert finding["fix"]["written"]
            assert finding["proved_by"]


@faulty
def test_the_mended_script_runs_in_the_right_modes(story, script, tmp_path, monkeypatch):
    mended = folder_of({script: story.mended[script]}, tmp_path) / script
    assert recorded_modes(mended, monkeypatch) == RIGHT


@faulty
def test_no_more_than_the_fault_is_edited(story, script):
    old, new = story.original[script].decode().splitlines(), story.mended[script].decode().splitlines()
    changed = [line for line in difflib.ndiff(old, new) if line[0] in "+-"]
    assert 1 <= len(changed) <= 3, "\n".join(changed)


@faulty
def test_its_tests_fail_on_the_old_code(story, script):
    failures = [text for text in story.on_old[suite_of(script)].values() if text != "passed"]
    assert failures
    assert all(text.startswith("failure: AssertionError") for text in failures), failures


@pytest.mark.parametrize("script", [*RULES, *CLEAN])
def test_its_tests_pass_on_the_new_code(story, script):
    results = story.on_new[suite_of(script)]
    assert any("determinism" in test for test in results)
    assert set(results.values()) == {"passed"}


@pytest.mark.parametrize("script", [*RULES, *CLEAN, *EXPLAINED])
def test_its_tests_are_short_and_hold_nothing_unused(story, script):
    """By ruff's default rules, and every helper has a user: a person reads the file in a minute."""
    text = story.mended[suite_of(script)].decode()
    command = [find_ruff_bin(), "check", "--isolated", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    tests = [name for name in functions if name.startswith("test_")]
    assert [name for name in functions if name not in tests and text.count(name) < 2] == []
    assert len(tests) <= 10
    assert len(text.splitlines()) <= 320


def test_a_second_run_changes_nothing(story):
    assert story.again == story.mended


def test_a_second_run_reviews_the_scripts_not_their_tests(story):
    assert {file["path"] for file in story.second} == story.original.keys()


def test_a_second_run_finds_nothing_but_notes(story):
    left = [(f["path"], finding) for f in story.second for finding in f["findings"]]
    assert {path for path, finding in left if finding["severity"] != "note"} == EXPLAINED.keys()


@pytest.mark.parametrize("script", CLEAN)
def test_a_clean_script_is_not_touched(story, script):
    assert [f for f in story.findings(script) if f["severity"] != "note"] == []
    assert story.mended[script] == story.original[script]


@pytest.mark.parametrize("script", EXPLAINED)
def test_what_cannot_be_mended_is_explained_and_not_touched(story, script):
    assert {f["rule"] for f in story.findings(script) if f["severity"] != "note"} == EXPLAINED[script]
    assert story.mended[script] == story.original[script]


def test_only_tests_are_added(story):
    assert story.mended.keys() - story.original.keys() == {suite_of(script) for script in story.original}


def test_undo_restores_every_byte(story):
    assert story.undone == story.original


def test_a_switch_that_the_mend_made_idle_is_equivalent_and_not_missed(story):
    """`train()` before the epochs of trainer.py: with the mend no forward runs in another mode without it."""
    mutants = next(file["mutants"] for file in story.first if file["path"] == "trainer.py")
    assert mutants["survived"] == []
    assert [m["description"] for m in mutants["equivalent"]] == [
        "`self.model.train()` at 34 dropped",
        "`self.model.train()` at 34 swapped",
    ]
    assert mutants["killed"]
