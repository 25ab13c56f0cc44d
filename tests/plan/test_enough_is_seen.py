"""Where a run is left: the forward there evaluates nothing if a gradient might have come to it."""

from __future__ import annotations

import ast
import contextlib
import copy
import itertools
import linecache
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from modereview.plan.rehearsing import REHEARSAL

torch = pytest.importorskip("torch")

SCRIPT = """\
import torch
model = torch.nn.Linear(2, 2)
for step in range(9):
    with torch.set_grad_enabled({learns}):
        output = model(torch.ones(1, 2))
"""


def seen(tmp_path: Path, learns: bool, most: int) -> list[Any]:
    """The forwards of the script, left after so many."""
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(learns=learns))
    names: dict[str, Any] = {
        "SCRIPT": script,
        "observed": lambda *_: SimpleNamespace(graph=torch.is_grad_enabled()),
        "ast": ast,
        "contextlib": contextlib,
        "copy": copy,
        "itertools": itertools,
        "linecache": linecache,
        "os": os,
        "shutil": shutil,
        "sys": sys,
        "tempfile": tempfile,
        "Path": Path,
        "SimpleNamespace": SimpleNamespace,
        "mock": mock,
        "torch": torch,
        "nn": torch.nn,
    }
    exec(REHEARSAL, names)
    found: list[Any] = names["rehearsed"]({}, most=most)
    return found


def test_the_forward_at_which_it_is_left_may_still_be_trained(tmp_path: Path):
    assert len(seen(tmp_path, learns=True, most=5)) == 4


def test_without_a_graph_it_evaluates_for_certain(tmp_path: Path):
    assert len(seen(tmp_path, learns=False, most=5)) == 5


def test_a_run_that_ends_by_itself_keeps_all(tmp_path: Path):
    assert len(seen(tmp_path, learns=True, most=60)) == 9
