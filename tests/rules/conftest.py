"""What the tests of the rules share: a small network before each script, and the findings in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.records import Finding, Program, Severity
from modereview.rules import check, rule

NET = """\
import contextlib
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.drop(self.norm(x)))


def step(model, batch, optimizer):
    x, y = batch
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()


"""

FITTED = """\
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.drop(self.norm(x)))


def fit(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


"""


def _program(text: str) -> Program:
    return analyze(parse.decode(Path("/project/train.py"), Path("/project"), text.encode()))


@pytest.fixture(scope="session")
def program() -> Callable[[str], Program]:
    """Text -> Program, nothing put before it."""
    return _program


@pytest.fixture(scope="session")
def fitted() -> Callable[[str], Program]:
    """Script -> Program; `Net` and `fit`, which trains for one epoch, are defined before it."""
    return lambda script: _program(FITTED + dedent(script))


@pytest.fixture(scope="session")
def findings() -> Callable[[str], tuple[Finding, ...]]:
    """Script -> findings; `Net` and `step`, which trains for one batch, are defined before it."""
    return lambda script: check(_program(NET + dedent(script)))


@pytest.fixture(scope="session")
def faults(findings: Callable[[str], tuple[Finding, ...]]) -> Callable[[str], list[str]]:
    """The errors and warnings in a script as "rule severity line text", notes left out."""
    return lambda script: [
        f"{f.rule} {f.severity.value} {f.line_text}"
        for f in findings(script)
        if f.severity is not Severity.NOTE
    ]


@pytest.fixture(scope="session")
def agrees(findings: Callable[[str], tuple[Finding, ...]]) -> Callable[[str], bool]:
    """Whether the errors and warnings in a script are those that its comments announce.

    `# MR102 error` stands at the line of a finding, `# why` at a line that the evidence points to besides it.
    """

    def compare(script: str) -> bool:
        first = NET.count("\n")
        loud = [f for f in findings(script) if f.severity is not Severity.NOTE]
        said = [(f.span.line - first, f"{f.rule} {f.severity.value}") for f in loud]
        why = {e.span.line - first for f in loud for e in f.evidence if e.span.line != f.span.line}
        assert said == _announced(script, r"MR\d+ \w+")
        assert sorted(why) == [line for line, _ in _announced(script, "why")]
        return True

    return compare


def _announced(script: str, pattern: str) -> list[tuple[int, str]]:
    """Lines whose comment matches, and what it says."""
    lines = enumerate(script.splitlines(), 1)
    return [(number, match[1]) for number, line in lines if (match := re.search(rf"# ({pattern})$", line))]


@pytest.fixture(scope="session")
def mended() -> Callable[[str, Program], list[list[str]]]:
    """Rule, Program -> for each finding of the rule the file after each fix that it offers, best first."""

    def mend(id: str, known: Program) -> list[list[str]]:
        offered = (rule(id).mend(known, finding) for finding in rule(id).check(known))
        return [[parse.apply(known.source, fix.edits).text for fix in fixes] for fixes in offered]

    return mend
