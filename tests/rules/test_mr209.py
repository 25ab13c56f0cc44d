"""MR209: batch norms without running statistics."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program
from modereview.rules.mr209 import RULE

HEAD = """\
from functools import partial
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "by name": (
        """
        class Net(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = nn.BatchNorm2d(4, track_running_stats=False)
    """,
        ["warning self.norm = nn.BatchNorm2d(4, track_running_stats=False)"],
    ),
    "by position": (
        """
        class Net(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = nn.BatchNorm1d(4, 1e-5, 0.1, True, False)
    """,
        ["warning self.norm = nn.BatchNorm1d(4, 1e-5, 0.1, True, False)"],
    ),
    "in partial": (
        """
        class Net(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = partial(nn.BatchNorm2d, track_running_stats=False)
    """,
        ["warning self.norm = partial(nn.BatchNorm2d, track_running_stats=False)"],
    ),
    "at the top level": (
        """
        norm = nn.SyncBatchNorm(4, track_running_stats=False)
    """,
        ["warning norm = nn.SyncBatchNorm(4, track_running_stats=False)"],
    ),
    "few-shot learning": (
        """
        class MAMLConv(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = nn.BatchNorm2d(4, track_running_stats=False)
    """,
        ["note self.norm = nn.BatchNorm2d(4, track_running_stats=False)"],
    ),
    "adaptation, by a comment": (
        """
        class Net(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = nn.BatchNorm2d(4, track_running_stats=False)  # test-time adaptation
    """,
        ["note self.norm = nn.BatchNorm2d(4, track_running_stats=False)  # test-time adaptation"],
    ),
}

FOUND["in a file of tests"] = (
    "import pytest\n" + dedent(FOUND["by name"][0]),
    ["note self.norm = nn.BatchNorm2d(4, track_running_stats=False)"],
)

INNOCENT = {
    "the default": """
        class Net(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = nn.BatchNorm2d(4)
    """,
    "an instance norm": """
        class Net(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = nn.InstanceNorm2d(4, track_running_stats=False)
    """,
    "a setting": """
        class Net(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = nn.BatchNorm2d(4, track_running_stats=track)
    """,
    "not affine": """
        class Net(nn.Module):
            def __init__(self, track=True):
                super().__init__()
                self.norm = nn.BatchNorm2d(4, affine=False)
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
