"""What the tests of the analysis share: a Program from text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.records import Program, Source

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.drop(x))


"""


def _source(text: str) -> Source:
    return parse.decode(Path("/project/train.py"), Path("/project"), dedent(text).encode())


@pytest.fixture(scope="session")
def source() -> Callable[[str], Source]:
    """Text -> Source."""
    return _source


@pytest.fixture(scope="session")
def program() -> Callable[[str], Program]:
    """Text -> Program."""
    return lambda text: analyze(_source(text))


@pytest.fixture(scope="session")
def modes() -> Callable[[str], str]:
    """Script after `Net` -> the modes of its forwards in the order of the text: "TRAIN EVAL|TRAIN"."""

    def of(script: str) -> str:
        found: dict[tuple[int, int], set[str]] = {}
        for forward in analyze(_source(NET + dedent(script))).forwards:
            found.setdefault((forward.span.line, forward.span.column), set()).add(forward.mode.value)
        return " ".join("|".join(sorted(found[place])) for place in sorted(found))

    return of
