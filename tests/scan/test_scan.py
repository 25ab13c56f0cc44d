"""The static review of files: what is kept between runs, and what a bad file does to the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from modereview.records import Review
from modereview.scan import files, offers, scan
from modereview.scan.answer import Answer, Task
from modereview.settings import Settings

TRAIN = """\
import torch
from net import Net

model = Net()
optimizer = torch.optim.SGD(model.parameters(), 0.1)
model.eval()
for x in range(3):
    model(x).sum().backward()
    optimizer.step()
"""
DROPS = """\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        self.layer = nn.Dropout()
"""
PLAIN = DROPS.replace("Dropout()", "Linear(1, 1)")

Run = Callable[..., tuple[tuple[Review, ...], tuple[str, ...]]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    (folder / "net.py").write_text(DROPS)
    (folder / "train.py").write_text(TRAIN)
    return folder


@pytest.fixture
def run(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(files, "folder", lambda: tmp_path / "cache")
    settings = Settings(paths=(project,), static=True, select=("MR102",))
    return lambda **changes: scan(replace(settings, **changes), lambda _: None)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that a run looked at anew; the work is done in this process."""
    seen: list[str] = []

    def here(work: Callable[[Task], Answer], tasks: list[Task], *_: object):
        for index, task in enumerate(tasks):
            seen.append(task.path.name)
            yield index, work(task)

    monkeypatch.setattr(files, "each", here)
    return seen


def ids(reviews: tuple[Review, ...]) -> list[str]:
    return [finding.rule for review in reviews for finding in review.findings]


def test_what_was_found_is_told_again_without_looking(run: Run, looked_at: list[str]) -> None:
    first = run()
    assert ids(first[0]) == ["MR102"]
    assert looked_at == ["train.py", "net.py"]
    assert run() == first
    assert looked_at == ["train.py", "net.py"]


def test_a_fix_is_offered_and_not_said_to_be_proved(run: Run) -> None:
    (verdict,) = run()[0][1].verdicts
    assert (verdict.state, verdict.proved_by) == ("suggested", ())
    assert verdict.fix and verdict.fix.title == "call `model.train()` instead of `model.eval()`"


def test_a_file_that_is_slow_to_read_is_not_read_again_for_fixes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "_EACH", 0)
    review = run()[0][1]
    assert (ids((review,)), review.verdicts) == (["MR102"], ())


def test_fixes_end_when_they_have_cost_enough(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "_EFFORT", 0)
    review = run()[0][1]
    assert (ids((review,)), review.verdicts) == (["MR102"], ())


def test_a_fault_of_ours_in_the_fixes_loses_no_finding(
    run: Run, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError("no fix")

    monkeypatch.setattr("modereview.fix.suggest", broken)
    review = run()[0][1]
    assert ids((review,)) == ["MR102"]
    assert review.internal_errors == ("no fix could be tried on train.py: ZeroDivisionError: no fix",)


def test_an_empty_file_is_passed_over_with_a_word(run: Run, project: Path) -> None:
    (project / "__init__.py").write_text("")
    reviews, refused = run(paths=(project / "__init__.py", project / "train.py"))
    assert (ids(reviews), refused) == (["MR102"], ())
    assert reviews[0].not_run == ("__init__.py is empty: there is nothing to review.",)


def test_a_file_that_changed_is_looked_at(run: Run, looked_at: list[str], project: Path) -> None:
    run()
    (project / "train.py").write_text(TRAIN.replace("model.eval()\n", ""))
    looked_at.clear()
    assert ids(run()[0]) == []
    assert looked_at == ["train.py"]


def test_a_neighbour_that_changed_counts_as_well(run: Run, looked_at: list[str], project: Path) -> None:
    before = run()[0][1].findings[0]
    (project / "net.py").write_text(PLAIN)
    looked_at.clear()
    after = run()[0][1].findings[0]
    assert looked_at == ["train.py", "net.py"]
    assert (before.severity.value, after.severity.value) == ("error", "note")


def test_a_neighbour_that_was_missing_and_is_there_now_counts(
    run: Run, looked_at: list[str], project: Path
) -> None:
    (project / "net.py").unlink()
    assert run()[0][0].findings[0].severity.value == "warning"
    (project / "net.py").write_text(DROPS)
    assert run()[0][1].findings[0].severity.value == "error"


EVALUATE = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout()

    def forward(self, x):
        return self.drop(x)

def evaluate(model: Net, loader):
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum()
    return correct
"""


@pytest.mark.parametrize(
    "other", ["import judge\nmodel.eval()\njudge.evaluate(model, loader)\n", "net.eval()\n"]
)
def test_another_file_that_switches_from_now_on_counts(
    run: Run, looked_at: list[str], project: Path, other: str
) -> None:
    def severity() -> str:
        rows = run(paths=(project / "judge.py",), select=("MR103",))[0][0].findings
        return rows[0].severity.value

    (project / "train.py").unlink()
    (project / "judge.py").write_text(EVALUATE)
    assert [severity(), severity()] == ["warning", "warning"]
    (project / "caller.py").write_text(other)
    assert severity() == "note"
    assert looked_at == ["judge.py"] * 2


def test_other_rules_are_another_question(run: Run, looked_at: list[str]) -> None:
    run()
    assert ids(run(ignore=("MR102",))[0]) == []
    assert ids(run(per_file_ignores=(("train.py", ("MR1",)),))[0]) == []
    assert ids(run()[0]) == ["MR102"]


def test_the_baseline_counts_for_kept_answers_too(run: Run, project: Path, tmp_path: Path) -> None:
    (finding,) = run()[0][1].findings
    known = tmp_path / "known.json"
    known.write_text(f'{{"version": 1, "findings": [{{"fingerprint": "{finding.fingerprint}"}}]}}')
    review = run(baseline=known)[0][1]
    assert review.findings == review.verdicts == ()
    assert [quiet.by for quiet in review.quiet] == ["baseline"]


def test_no_cache_looks_and_keeps_nothing(run: Run, looked_at: list[str], tmp_path: Path) -> None:
    run(cache=False)
    assert not (tmp_path / "cache").exists()
    run()
    run(cache=False)
    assert looked_at == ["train.py", "net.py"] * 3


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x04K\x01."])
def test_a_broken_entry_is_no_entry(run: Run, tmp_path: Path, content: bytes) -> None:
    first = run()
    for entry in (tmp_path / "cache").glob("??/*"):
        entry.write_bytes(content)
    assert run() == first


def test_a_cache_that_cannot_be_written_is_done_without(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert ids(run()[0]) == ["MR102"]


def test_a_bad_file_does_not_stop_the_others(run: Run, project: Path) -> None:
    (project / "old.py").write_text("import torch\nprint 'two'\n")
    reviews, refused = run()
    assert ids(reviews) == ["MR102"]
    assert len(refused) == 1
    assert refused[0].startswith("old.py:2:1 is not Python 3")
    assert run() == (reviews, refused)


def test_a_fault_of_ours_is_counted_and_not_kept(
    run: Run, looked_at: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("modereview.scan.answer.analyze", broken)
    reviews, _ = run()
    assert [r.internal_errors for r in reviews] == [
        (f"{name} could not be analyzed: RuntimeError: no such luck",) for name in ("net.py", "train.py")
    ]
    monkeypatch.undo()


def test_a_file_that_takes_too_long_is_given_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SECONDS", 0.1)
    monkeypatch.setattr(files, "answer", lambda task, raw: time.sleep(60))
    reviews, _ = run()
    assert [r.not_run for r in reviews] == [
        (f"{name} was given up: it took more than 0 s.",) for name in ("net.py", "train.py")
    ]


def test_who_calls_a_function_counts_and_is_asked_again_when_it_changed(
    run: Run, looked_at: list[str], project: Path
) -> None:
    score = "import torch\nfrom zoo.nets import make_net\n\nnet = make_net()\n\n@torch.no_grad()\n"
    score += "def evaluate(x):\n    return net(x).argmax(1)\n"
    caller = "from score import evaluate, net\n\ndef main(x):\n    net.eval()\n    evaluate(x)\n"
    (project / "score.py").write_text(score)
    (project / "zoo").mkdir()
    (project / "zoo/other.py").write_text("")  # `zoo.nets` is missing: what it makes may be anything

    def severity() -> list[str]:
        reviews = run(select=("MR103",))[0]
        return [f.severity.value for review in reviews for f in review.findings]

    assert severity() == ["warning"]
    (project / "main.py").write_text(caller)
    (project / "score.py").write_text(score + "\n")
    assert severity() == ["note"]
    (project / "main.py").write_text("pass\n")
    assert severity() == ["warning"]
