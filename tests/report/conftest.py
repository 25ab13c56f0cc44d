"""Reviews to render: the zombie of the tutorials, mended, and a clean file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from modereview.records import (
    Case,
    Edit,
    Event,
    Finding,
    Fix,
    Mutant,
    Outcome,
    Review,
    Severity,
    Source,
    Span,
    Status,
    Suite,
    Target,
    Unreached,
    Usage,
    Verdict,
)

ROOT = Path("/project")
CODE = """\
import torch


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum(model(data).sum() for data in loader)


def main(model, loader):
    model.train()
    for epoch in range(3):
        for data in loader:
            output = model(data)
            output.sum().backward()
        validate(model, loader)
"""

MakeSource = Callable[..., Source]


def make_source(code: str = CODE, name: str = "train.py", root: Path = ROOT) -> Source:
    offsets = [0]
    for line in code.split("\n")[:-1]:
        offsets.append(offsets[-1] + len(line) + 1)
    return Source(root / name, root, code.encode(), "utf-8", code, code, "\n", tuple(offsets))


def span(code: str, text: str, start: int = 0) -> Span:
    """Where `text` stands in `code`, from index `start` on; `text` is within one line."""
    at = code.index(text, start)
    line = code.count("\n", 0, at) + 1
    column = at - code.rfind("\n", 0, at)
    return Span(line, column, line, column + len(text))


def zombie_finding() -> Finding:
    forward = span(CODE, "model(data)", CODE.index("output"))
    return Finding(
        rule="MR102",
        name="trains-in-eval-mode",
        severity=Severity.ERROR,
        message="from the second epoch on, `model` trains in eval mode",
        source_name="train.py",
        span=forward,
        evidence=(
            Event(
                span(CODE, "model.eval()"),
                "switched to EVAL here, in `validate` (called at 16) ...",
                "switch",
            ),
            Event(span(CODE, "for epoch in range(3):"), ""),
            Event(forward, "... and still in EVAL here: nothing calls `model.train()` in between", "forward"),
        ),
        facts=("`model` holds BatchNorm1d and Dropout: statistics stop moving, nothing is dropped",),
        function="main",
        subject="model",
        line_text="output = model(data)",
    )


def zombie_review() -> Review:
    source = make_source()
    finding = zombie_finding()
    edit = Edit(CODE.index("        for data"), CODE.index("        for data"), "        model.train()\n")
    fix = Fix(finding, "call `model.train()` at the start of each epoch", (edit,), line=13)
    names = ("test_model_determinism", "test_training_runs_in_train_mode")
    cases = tuple(
        Case(name, f"def {name}(): ...", "contract", ("Net",), ("MR102",), "builtin") for name in names
    )
    suite_path = ROOT / "tests" / "test_train_modes.py"
    mutant = Mutant("drop-5", "`model.eval()` at 5 dropped", span(CODE, "model.eval()"), "validate", source)
    return Review(
        source=source,
        findings=(finding,),
        verdicts=(Verdict(finding, "fixed", fix, proved_by=("test_training_runs_in_train_mode",)),),
        suite=Suite(suite_path, "import torch\n", cases),
        suite_text="import torch\n",
        outcomes=tuple(Outcome(name, Status.PASSED, seconds=0.1) for name in names),
        killed=(mutant,),
        mended=CODE.replace("        for data", "        model.train()\n        for data").encode(),
        written=(source.path, suite_path),
        seconds=4.12,
    )


@pytest.fixture
def source() -> MakeSource:
    """Makes a Source of a code text."""
    return make_source


@pytest.fixture
def finding() -> Finding:
    """The zombie alone."""
    return zombie_finding()


@pytest.fixture
def zombie() -> Review:
    """The zombie found, proved, mended and written."""
    return zombie_review()


@pytest.fixture
def clean(zombie: Review) -> Review:
    """The same file with no finding."""
    return replace(zombie, findings=(), verdicts=(), mended=None, written=zombie.written[1:])


@pytest.fixture
def full(zombie: Review) -> Review:
    """A review in which every field says something."""
    return replace(
        zombie,
        survived=zombie.killed,
        unreached=(Unreached(Target("module", "Net"), 4, "`cfg.depth` is unknown", "Give a recipe."),),
        not_run=("`export.py` needs onnx",),
        warnings=("no bubblewrap: the network is open",),
        usage=Usage("gpt-x", calls=2, tokens=900, kept=1, dropped=1),
        internal_errors=("rule MR999 crashed: KeyError",),
    )
