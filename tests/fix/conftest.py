"""What the tests of the fix loop share: scripts that show in themselves what their fixes change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Tools, mend
from modereview.records import Finding, Program, Source
from modereview.rules import check

HEAD = """\
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, width), nn.BatchNorm1d(width), nn.Linear(width, 4))

    def forward(self, x):
        return self.layers(x)


"""


def _look(source: Source) -> tuple[Program, tuple[Finding, ...]]:
    program = analyze(source)
    return program, tuple(check(program))


def _with(script: str, *kept: str) -> str:
    """The lines of a script as `diff` marks them, those that are in one of its versions."""
    lines = script.splitlines(keepends=True)
    return "".join(line[1:] or line for line in lines if line[0] in ("\n", *kept))


@pytest.fixture(scope="session")
def mends() -> Callable[[str], bool]:
    """Whether all fixes of a script together change what its lines say: "+" is put in, "-" taken out.

    A small `Net` is defined before it; every other line starts with a space.
    """

    def mend_all(script: str) -> bool:
        text = HEAD + _with(script.lstrip("\n"), " ", "-")
        source = parse.decode(Path("/project/train.py"), Path("/project"), text.encode())
        program, found = _look(source)
        every = Tools(_look, run=lambda _: (), unsafe=True, unproved=True)
        after = mend(program, found, (), (), every).source.text
        assert after == HEAD + _with(script.lstrip("\n"), " ", "+")
        return True

    return mend_all
