"""MR204: functional norms and dropouts that are told to train for good."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program
from modereview.rules.mr204 import RULE

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "a batch norm": (
        """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.batch_norm(x, self.mean, self.var, training=True)
    """,
        ["error return F.batch_norm(x, self.mean, self.var, training=True)"],
    ),
    "by position": (
        """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.batch_norm(x, self.mean, self.var, None, None, True)
    """,
        ["error return F.batch_norm(x, self.mean, self.var, None, None, True)"],
    ),
    "without running statistics": (
        """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.batch_norm(x, None, None, training=True)
    """,
        ["note return F.batch_norm(x, None, None, training=True)"],
    ),
    "an instance norm with statistics": (
        """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.instance_norm(x, self.mean, self.var)
    """,
        ["error return F.instance_norm(x, self.mean, self.var)"],
    ),
    "a norm that is rewritten for this alone": (
        """
        class Always(nn.modules.batchnorm._BatchNorm):
            def forward(self, x):
                return F.batch_norm(x, self.running_mean, self.running_var, None, None, True)
    """,
        ["note return F.batch_norm(x, self.running_mean, self.running_var, None, None, True)"],
    ),
    "rrelu": (
        """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.rrelu(x, training=True)
    """,
        ["error return F.rrelu(x, training=True)"],
    ),
    "alpha dropout": (
        """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.alpha_dropout(x, 0.1, True)
    """,
        ["error return F.alpha_dropout(x, 0.1, True)"],
    ),
    "torch.dropout": (
        """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return torch.dropout(x, 0.5, train=True)
    """,
        ["error return torch.dropout(x, 0.5, train=True)"],
    ),
    "a helper that a module calls": (
        """
        def normalize(x, mean, var):
            return F.batch_norm(x, mean, var, training=True)

        class Net(nn.Module):
            def forward(self, x):
                return normalize(x, self.mean, self.var)
    """,
        ["error return F.batch_norm(x, mean, var, training=True)"],
    ),
    "meta learning, by a comment": (
        """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.batch_norm(x, self.mean, self.var, training=True)  # MAML
    """,
        ["note return F.batch_norm(x, self.mean, self.var, training=True)  # MAML"],
    ),
}

INNOCENT = {
    "the flag": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.batch_norm(x, self.mean, self.var, training=self.training)
    """,
    "a frozen norm": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.batch_norm(x, self.mean, self.var)
    """,
    "False": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.batch_norm(x, self.mean, self.var, training=False)
    """,
    "a plain instance norm": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.instance_norm(x)
    """,
    "an instance norm that follows the mode": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.instance_norm(x, self.mean, self.var, use_input_stats=self.training)
    """,
    "under a guard": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                if self.training:
                    x = F.batch_norm(x, self.mean, self.var, training=True)
                return x
    """,
    "a guard around nothing": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                if self.training:
                    pass
                return x
    """,
    "AdaIN, by a view": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                flat = x.view(1, -1, 4, 4)
                return F.batch_norm(flat, self.mean, self.var, training=True)
    """,
    "AdaIN, by its name": """
        class AdaptiveInstanceNorm2d(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.batch_norm(x, self.mean, self.var, training=True)
    """,
    "weight standardization": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("mean", torch.zeros(4))
                self.register_buffer("var", torch.ones(4))
                self.weight = nn.Parameter(torch.ones(4))

            def forward(self, x):
                pass
                return F.conv2d(x, F.batch_norm(self.weight.reshape(1, 4, -1), None, None, training=True))
    """,
    "a function that no module calls": """
        def test_batch_norm(x, mean, var):
            assert F.batch_norm(x, mean, var, training=True) is not None
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
