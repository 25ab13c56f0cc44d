"""MR202: attention that drops whatever the mode."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview import parse
from modereview.records import Program
from modereview.rules.mr202 import RULE

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "a literal": (
        """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.1

            def forward(self, q, k, v):
                pass
                return F.scaled_dot_product_attention(q, k, v, dropout_p=0.1)
    """,
        ["error return F.scaled_dot_product_attention(q, k, v, dropout_p=0.1)"],
    ),
    "a literal, by position": (
        """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.1

            def forward(self, q, k, v):
                pass
                return F.scaled_dot_product_attention(q, k, v, None, 0.1)
    """,
        ["error return F.scaled_dot_product_attention(q, k, v, None, 0.1)"],
    ),
    "the rate of a dropout layer": (
        """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.drop = nn.Dropout(rate)

            def forward(self, q, k, v):
                pass
                return F.scaled_dot_product_attention(q, k, v, dropout_p=self.drop.p)
    """,
        ["error return F.scaled_dot_product_attention(q, k, v, dropout_p=self.drop.p)"],
    ),
    "through a helper": (
        """
        def attend(q, k, v, mask=None, p=0.0):
            return F.scaled_dot_product_attention(q, k, v, mask, p)

        class Attention(nn.Module):
            def __init__(self, rate):
                super().__init__()
                self.rate = rate

            def forward(self, q, k, v):
                return attend(q, k, v, p=self.rate)
    """,
        ["error return attend(q, k, v, p=self.rate)"],
    ),
    "through a helper that a flag tells": (
        """
        def attend(q, k, v, p, training):
            if not training:
                p = 0.0
            return F.scaled_dot_product_attention(q, k, v, None, p)

        class Attention(nn.Module):
            def __init__(self, rate):
                super().__init__()
                self.rate = rate

            def forward(self, q, k, v):
                return attend(q, k, v, self.rate, self.training)
    """,
        [],
    ),
    "through a local name": (
        """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.1

            def forward(self, q, k, v):
                p = self.rate
                return F.scaled_dot_product_attention(q, k, v, dropout_p=p)
    """,
        ["error return F.scaled_dot_product_attention(q, k, v, dropout_p=p)"],
    ),
    "in another method": (
        """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.1

            def attend(self, q, k, v):
                pass
                return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate)
    """,
        ["error return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate)"],
    ),
    "off unless asked for": (
        """
        class Attention(nn.Module):
            def __init__(self, rate=0.0):
                super().__init__()
                self.rate = rate

            def forward(self, q, k, v):
                return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate)
    """,
        ["warning return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate)"],
    ),
    "flash attention": (
        """
        from flash_attn import flash_attn_func

        class Attention(nn.Module):
            def forward(self, q, k, v):
                return flash_attn_func(q, k, v, 0.1, causal=True)
    """,
        ["error return flash_attn_func(q, k, v, 0.1, causal=True)"],
    ),
    "Monte-Carlo, by a comment": (
        """
        class Attention(nn.Module):
            def forward(self, q, k, v):
                # Monte Carlo dropout: on in evaluation as well
                return F.scaled_dot_product_attention(q, k, v, dropout_p=0.1)
    """,
        ["note return F.scaled_dot_product_attention(q, k, v, dropout_p=0.1)"],
    ),
}

INNOCENT = {
    "chosen by the mode": """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.1

            def forward(self, q, k, v):
                pass
                return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate if self.training else 0.0)
    """,
    "multiplied with the flag": """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.1

            def forward(self, q, k, v):
                pass
                return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate * self.training)
    """,
    "chosen before": """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.1

            def forward(self, q, k, v):
                p = self.rate if self.training else 0
                return F.scaled_dot_product_attention(q, k, v, dropout_p=p)
    """,
    "assigned in both branches": """
        class Attention(nn.Module):
            def forward(self, q, k, v):
                if self.training:
                    p = self.rate
                else:
                    p = 0.0
                return F.scaled_dot_product_attention(q, k, v, dropout_p=p)
    """,
    "under a guard": """
        class Attention(nn.Module):
            def forward(self, q, k, v):
                if not self.training:
                    return F.scaled_dot_product_attention(q, k, v)
                return F.scaled_dot_product_attention(q, k, v, dropout_p=0.1)
    """,
    "no dropout": """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.1

            def forward(self, q, k, v):
                pass
                return F.scaled_dot_product_attention(q, k, v, dropout_p=0.0)
    """,
    "an attribute that is 0": """
        class Attention(nn.Module):
            def __init__(self, rate=0.1):
                super().__init__()
                self.rate = 0.0

            def forward(self, q, k, v):
                pass
                return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate)
    """,
    "a property": """
        class Attention(nn.Module):
            @property
            def rate(self):
                return 0.1 if self.training else 0.0

            def forward(self, q, k, v):
                return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate)
    """,
    "kept in step by train()": """
        class Attention(nn.Module):
            def train(self, mode=True):
                self.rate = 0.1 if mode else 0.0
                return super().train(mode)

            def forward(self, q, k, v):
                return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate)
    """,
    "a parameter: the caller decides": """
        class Attention(nn.Module):
            def forward(self, q, k, v, p):
                return F.scaled_dot_product_attention(q, k, v, dropout_p=p)

        def attend(q, k, v, p=0.1):
            return F.scaled_dot_product_attention(q, k, v, dropout_p=p)
    """,
    "a benchmark outside a module": """
        def bench(q, k, v):
            return F.scaled_dot_product_attention(q, k, v, dropout_p=0.1)
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


def test_mend_keeps_the_rate_and_follows_the_mode(program: Callable[[str], Program]):
    script = HEAD + dedent(FOUND["a literal, by position"][0])
    bad = program(script)
    (finding,) = RULE.check(bad)
    (mend,) = RULE.mend(bad, finding)
    after = parse.apply(bad.source, mend.edits)
    assert "q, k, v, None, 0.1 if self.training else 0.0)" in after.text
    assert list(RULE.check(program(after.text))) == []
