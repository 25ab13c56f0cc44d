"""Generated tests, mutants, and what running them gave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal

from modereview.records.text import Source, Span


@dataclass(frozen=True)
class Case:
    """One pytest function, who wrote it, and what it checks. Its name is unique in the file."""

    name: str  # "test_model_determinism"
    code: str  # the whole function with its decorators, no trailing newline
    contract: str  # Contract.id; "" for a test of a language model's own
    targets: tuple[str, ...]  # Target.name of each parameter set; outcomes of several are "name[target]"
    proves: tuple[str, ...]
    author: str  # "builtin" or the model's name
    imports: tuple[str, ...] = ()  # import lines it needs beyond torch, nn and pytest


@dataclass(frozen=True)
class Dropped:
    """A case that the gates did not keep."""

    case: str
    reason: str
    kind: Literal["broken", "useless", "flaky", "refused"]


@dataclass(frozen=True)
class Suite:
    """A pytest file in the making: what all cases share, and the cases."""

    path: Path  # absolute
    header: str  # docstring, imports, how the script is loaded, builders and helpers
    cases: tuple[Case, ...]
    dropped: tuple[Dropped, ...] = ()

    def render(self, xfail: dict[str, str] | None = None) -> str:
        """The file's text. `xfail` gives a reason for each case that is expected to fail strictly.

        Keys are case names, or "name[target]" for one parameter set of a case.
        """
        from modereview.write.render import render

        return render(self, xfail or {})


class Status(Enum):
    """What became of a case. Only FAILED speaks about the user's code."""

    PASSED = "passed"
    FAILED = "failed"  # the contract's own assertion
    BROKEN = "broken"  # could not arrange: import error, wrong recipe
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the process died


@dataclass(frozen=True)
class Outcome:
    """The result of one case on one version of the file."""

    case: str  # "test_model_determinism" or "test_model_determinism[Net]"
    status: Status
    message: str = ""  # the assertion's message or the last error, without a traceback
    seconds: float = 0.0

    @property
    def marked(self) -> bool:
        """Whether it counts as passed because it failed as its xfail mark foresees; the sandbox says so."""
        return self.status is Status.PASSED and self.message.startswith("xfail: ")


@dataclass(frozen=True)
class Mutant:
    """The user's file with one mode fault put in."""

    id: str
    description: str  # "`model.eval()` at 41 dropped"
    span: Span
    function: str  # qualified name of the function or class it lies in; "" for the top level
    source: Source
    caught_by: str = ""  # the case that caught it first
