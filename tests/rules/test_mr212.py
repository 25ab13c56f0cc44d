"""MR212: `self.train`, the method, read as if it were `self.training`."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program
from modereview.rules.mr212 import RULE

HEAD = """\
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND = {
    "told to a helper": ("return noisy(x, is_training=self.train)", ["self.train"]),
    "a condition": ("if self.train: x = x + 1", ["self.train"]),
    "one of two": ("if self.cap is not None and self.train: x = x + 1", ["self.train"]),
    "turned round": ("if not self.train: return x", ["self.train"]),
    "a choice": ("p = 0.5 if self.train else 0.0", ["self.train"]),
    "held against a flag": ("if self.train is True: x = x + 1", ["self.train"]),
    "the other method": ("if self.eval: return x", ["self.eval"]),
    "a loop": ("while self.train: x = x + 1", ["self.train"]),
}

INNOCENT = {
    "the flag": "if self.training: x = x + 1",
    "torch raises": "return F.dropout(x, 0.5, training=self.train)",
    "switched": "self.train(); self.eval()",
    "handed on": "switch = self.train",
    "a setting": "return noisy(x, training=self.cfg.train)",
    "what a switch returns": "if self.train(False): return x",
    "whether there is one": "if hasattr(self, 'train'): return x",
}

OTHERWISE = {
    "a value of the class's own": """
        class Net(nn.Module):
            def __init__(self, train):
                super().__init__()
                self.train = train
            def forward(self, x):
                return noisy(x, training=self.train)
    """,
    "a value of its base": """
        class Base(nn.Module):
            train = False
        class Net(Base):
            def forward(self, x):
                return noisy(x, training=self.train)
    """,
    "a property": """
        class Net(nn.Module):
            @property
            def train(self):
                return self.training
            def forward(self, x):
                return noisy(x, training=self.train)
    """,
    "a base that nobody sees": """
        from zoo import Base
        class Net(Base, nn.Module):
            def forward(self, x):
                return noisy(x, training=self.train)
    """,
    "no module": """
        class Data:
            def __init__(self, train):
                self.train = train
            def __len__(self):
                return 5 if self.train else 2
    """,
}


def found(program: Callable[[str], Program], script: str) -> list[str]:
    """What the rule finds, as the text that its finding stands at."""
    looked_at = program(HEAD + dedent(script))
    return [looked_at.source.slice(f.span) for f in RULE.check(looked_at)]


def module(line: str) -> str:
    """A module whose forward holds the line."""
    return f"class Net(nn.Module):\n    def forward(self, x):\n        {line}\n        return x\n"


@pytest.mark.parametrize(("line", "expected"), FOUND.values(), ids=FOUND)
def test_found(program: Callable[[str], Program], line: str, expected: list[str]):
    assert found(program, module(line)) == expected


@pytest.mark.parametrize("line", INNOCENT.values(), ids=INNOCENT)
def test_not_flagged(program: Callable[[str], Program], line: str):
    assert found(program, module(line)) == []


@pytest.mark.parametrize("script", OTHERWISE.values(), ids=OTHERWISE)
def test_not_flagged_where_the_name_is_another_thing(program: Callable[[str], Program], script: str):
    assert found(program, script) == []


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("if self.train: x = x + 1", "if self.training: x = x + 1"),
        ("if self.eval: return x", "if not self.training: return x"),
        ("p = 0.5 if not self.eval else 0.0", "p = 0.5 if not not self.training else 0.0"),
    ],
)
def test_mended(program: Callable[[str], Program], line: str, mended: str):
    looked_at = program(HEAD + module(line))
    (finding,) = RULE.check(looked_at)
    (fix,) = RULE.mend(looked_at, finding)
    (edit,) = fix.edits
    text = looked_at.source.text
    assert text[: edit.start] + edit.replacement + text[edit.end :] == text.replace(line, mended)
