"""MR210: a forward that overwrites a dropout rate or the mode flag."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program
from modereview.rules.mr210 import RULE

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "a rate set to 0 in EVAL": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                if not self.training:
                    self.p = 0
                return F.dropout(x, self.p, self.training)
    """,
        ["error self.p = 0"],
    ),
    "in the other branch": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                if self.training:
                    x = x * 2
                else:
                    self.p = 0.0
                return F.dropout(x, self.p, self.training)
    """,
        ["error self.p = 0.0"],
    ),
    "the rate of a layer": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.drop = nn.Dropout()

            def forward(self, x):
                if not self.training:
                    self.drop.p = 0.0
                return F.dropout(x, self.p, self.training)
    """,
        ["error self.drop.p = 0.0"],
    ),
    "the flag itself": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                self.training = False
                return F.dropout(x, self.p, self.training)
    """,
        ["error self.training = False"],
    ),
    "on another condition": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                if len(x) == 1:
                    self.dropout_rate = 0.0
                return F.dropout(x, self.p, self.training)
    """,
        ["warning self.dropout_rate = 0.0"],
    ),
    "in a method that forward calls": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                self.prepare()
                return F.dropout(x, self.p, self.training)

            def prepare(self):
                if not self.training:
                    self.p = 0
    """,
        ["error self.p = 0"],
    ),
}

INNOCENT = {
    "both branches": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                if self.training:
                    self.p = 0.5
                else:
                    self.p = 0
                return F.dropout(x, self.p, self.training)
    """,
    "chosen at each pass": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                self.p = 0.5 if self.training else 0
                return F.dropout(x, self.p, self.training)
    """,
    "set first": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                self.p = 0.5
                if not self.training:
                    self.p = 0
                return F.dropout(x, self.p, self.training)
    """,
    "a schedule": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                self.p = self.schedule(x)
                return F.dropout(x, self.p, self.training)
    """,
    "a local name": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                p = self.p
                if not self.training:
                    p = 0
                return F.dropout(x, self.p, self.training)
    """,
    "put back": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                was = self.p
                if not self.training:
                    self.p = 0
                x = self.fc(x)
                self.p = was
                return F.dropout(x, self.p, self.training)
    """,
    "another attribute": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                if not self.training:
                    self.calls = 0
                return F.dropout(x, self.p, self.training)
    """,
    "train() itself": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                pass
                return F.dropout(x, self.p, self.training)

            def train(self, mode=True):
                self.training = mode
                if not mode:
                    self.p = 0
                return super().train(mode)
    """,
    "a counter of masks, in TRAIN": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.drop_mask_cnt = 0

            def forward(self, x):
                if self.training:
                    if self.drop_mask_cnt > 9:
                        self.drop_mask_cnt = 0
                return x
    """,
    "a rate that only a pass in TRAIN writes": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                if self.training:
                    if x.sum() > 9:
                        self.p = 0.1
                return F.dropout(x, self.p, self.training)
    """,
    "a method that no forward calls": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.p = 0.5

            def forward(self, x):
                pass
                return F.dropout(x, self.p, self.training)

            def disable_dropout(self):
                if self.training:
                    self.p = 0
    """,
}


def found(program: Callable[[str], Program], script: str) -> list[str]:
    """What the rule finds, as "severity line"."""
    return [f"{f.severity.value} {f.line_text}" for f in RULE.check(program(HEAD + dedent(script)))]


@pytest.mark.parametrize(("script", "expected"), FOUND.values(), ids=FOUND)
def test_found(program: Callable[[str], Program], script: str, expected: list[str]):
    assert found(program, script) == expected


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_not_flagged(program: Callable[[str], Program], script: str):
    assert found(program, script) == []
