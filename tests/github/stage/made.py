"""Findings, handovers and diffs with little to write."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from modereview.github.diff import Diff, FileDiff, Hunk, diff_of
from modereview.github.told import Handover, Step, Suggestion, Told

HEAD, BASE = "a" * 40, "b" * 40


def fingerprint(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()[:16]


def told(name: object = "one", line: int = 14, **changes: object) -> Told:
    """An error of `train.py` that a test proves and a fix of one line mends."""
    proved = Told(
        rule="MR102",
        name="trains-in-eval-mode",
        severity="error",
        message="from the second epoch on, `model` trains in eval mode",
        path="train.py",
        first=line,
        last=line,
        fingerprint=fingerprint(name),
        state="fixed",
        known=False,
        evidence=(Step(5, "switched to EVAL here, in `validate`"), Step(line, "and still in EVAL here")),
        facts=("`model` holds Dropout: nothing is dropped",),
        proved_by=("test_training_runs_in_train_mode",),
        test="def test_training_runs_in_train_mode():\n    assert modes() == ['TRAIN']",
        title="call `model.train()` at the start of each epoch",
        patch="@@ -12,2 +12,3 @@\n for epoch in epochs:\n+    model.train()\n     for data in loader:",
        suggestion=Suggestion(line - 1, line - 1, "        model.train()\n        for data in loader:\n"),
    )
    return replace(proved, **changes)  # type: ignore[arg-type]


def reported(name: object = "one", line: int = 14, **changes: object) -> Told:
    """The same where nothing was run."""
    return replace(
        told(name, line), state="reported", proved_by=(), test="", patch="", suggestion=None, **changes
    )


def handover(
    *findings: Told, head: str = HEAD, reviewed: tuple[str, ...] = ("train.py",), **more: object
) -> Handover:
    return replace(Handover(1, head, BASE, reviewed, findings), **more)  # type: ignore[arg-type]


def changed(
    path: str = "train.py", *stretches: tuple[int, int], added: tuple[int, ...] = (), **more: object
) -> FileDiff:
    """A file whose diff shows these stretches; all lines of them are added where none is named."""
    shown = stretches or ((1, 100),)
    hunks = tuple(
        Hunk(a, b, frozenset(line for line in range(a, b + 1) if not added or line in added))
        for a, b in shown
    )
    return replace(FileDiff(path, hunks=hunks), **more)  # type: ignore[arg-type]


def diff(*files: FileDiff) -> Diff:
    return diff_of(files or (changed(),))
