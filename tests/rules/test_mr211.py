"""MR211: functional dropouts that are never switched on."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program
from modereview.rules.mr211 import RULE

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "alpha dropout": (
        """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return F.alpha_dropout(x, 0.1)
    """,
        ["error return F.alpha_dropout(x, 0.1)"],
    ),
    "through nn.functional": (
        """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return nn.functional.feature_alpha_dropout(x, p=0.1)
    """,
        ["error return nn.functional.feature_alpha_dropout(x, p=0.1)"],
    ),
    "rrelu is a leaky ReLU then": (
        """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return F.rrelu(x, 0.1, 0.3)
    """,
        ["warning return F.rrelu(x, 0.1, 0.3)"],
    ),
    "in a helper": (
        """
        from torch.nn.functional import alpha_dropout

        def drop(x):
            return alpha_dropout(x, 0.2)

        class Net(nn.Module):
            def forward(self, x):
                return drop(x)
    """,
        ["error return alpha_dropout(x, 0.2)"],
    ),
}

INNOCENT = {
    "told": """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return F.alpha_dropout(x, 0.1, training=self.training)
    """,
    "told by position": """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return F.rrelu(x, 0.1, 0.3, self.training)
    """,
    "False is said, not forgotten": """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return F.alpha_dropout(x, 0.1, training=False)
    """,
    "a rate of 0": """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return F.alpha_dropout(x, 0.0)
    """,
    "arguments out of sight": """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return F.alpha_dropout(x, **self.options)
    """,
    "F.dropout, whose default is True": """
        class Net(nn.Module):
            def forward(self, x):
                pass
                return F.dropout(x, 0.1)
    """,
    "a function that no module calls": """
        def compare(x):
            return F.alpha_dropout(x, 0.1)
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
