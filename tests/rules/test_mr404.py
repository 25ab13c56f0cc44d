"""MR404: cudnn.benchmark beside a wish for determinism."""

from __future__ import annotations

from textwrap import dedent

import pytest
from modereview.rules import rule

FAULTY = {
    "the usual lines": """
        import torch.backends.cudnn as cudnn

        def main():
            cudnn.benchmark = True
            cudnn.deterministic = True
    """,
    "switched on for all after a seeded branch": """
        import torch

        def main(seed):
            if seed is not None:
                torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = True
    """,
    "deterministic algorithms that warn": """
        import torch
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = True
    """,
}
RIGHT = {
    "benchmark alone": """
        import torch
        torch.backends.cudnn.benchmark = True
    """,
    "switched off": """
        import torch
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
    """,
    "one or the other": """
        import torch

        def main(deterministic):
            if deterministic:
                torch.backends.cudnn.deterministic = True
            else:
                torch.backends.cudnn.benchmark = True
    """,
    "switched off again for a seeded run": """
        import torch

        def main(seed):
            torch.backends.cudnn.benchmark = True
            if seed:
                torch.backends.cudnn.deterministic = True
                torch.backends.cudnn.benchmark = False
    """,
    "no literal": """
        import torch

        def main(deterministic):
            torch.backends.cudnn.deterministic = True
            torch.backends.cudnn.benchmark = not deterministic
    """,
    "with the workspace": """
        import os
        import torch
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
        torch.use_deterministic_algorithms(True)
        x = torch.ones(2, device="cuda")
    """,
}
NOTED = {
    "said to be meant": """
        import torch
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = True  # on purpose: one input size
    """,
    "no workspace": """
        import torch
        torch.use_deterministic_algorithms(True)
        x = torch.ones(2, device="cuda")
    """,
}


def found(program, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR404").check(program(dedent(script)))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(program, script):
    assert found(program, script) == ["warning"]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(program, script):
    assert found(program, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(program, script):
    assert found(program, script) == ["note"]
