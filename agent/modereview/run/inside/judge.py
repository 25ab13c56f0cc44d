"""What an exception says about a case: only an assertion of the test file speaks about the user's code."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from types import FrameType, TracebackType

# An assertion that these raise was made by whoever called them.
_SPEAKS_FOR_ITS_CALLER = ("torch.testing", "numpy.testing", "unittest")
_LINES, _CHARACTERS = 5, 600


class Verdict(NamedTuple):
    """A status (the value of `records.Status`) and what to say of it."""

    status: str
    message: str = ""


def judge(error: BaseException, test: Path) -> Verdict:
    """The verdict on a case that ended with `error`; `test` is the test file as it was loaded."""
    if isinstance(error, pytest.skip.Exception):
        return Verdict("broken", f"skipped: {first_lines(str(error))}")
    if isinstance(error, pytest.fail.Exception):
        return Verdict("failed", first_lines(str(error)))
    place = _asserted_at(error) if isinstance(error, AssertionError) else None
    if place is None or place[0].f_code.co_filename != str(test):
        return Verdict("broken", describe(error))
    return Verdict("failed", first_lines(str(error)) or linecache.getline(str(test), place[1]).strip())


def describe(error: BaseException) -> str:
    """One line: the type and what it says."""
    said = first_lines(str(error)).partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def first_lines(text: str) -> str:
    """The beginning of a message, without pytest's rendering of the assertion below it."""
    lines = [line.strip() for line in text.strip().splitlines()]  # pytest indents all but the first
    shown = next((i for i, line in enumerate(lines) if i and line.startswith("assert ")), len(lines))
    return "\n".join(lines[: min(shown, _LINES)])[:_CHARACTERS]


def _asserted_at(error: BaseException) -> tuple[FrameType, int] | None:
    """The innermost frame and line that is not a comparison helper's."""
    frames = list(_frames(error.__traceback__))
    while frames and frames[-1][0].f_globals.get("__name__", "").startswith(_SPEAKS_FOR_ITS_CALLER):
        frames.pop()
    return frames[-1] if frames else None


def _frames(traceback: TracebackType | None) -> list[tuple[FrameType, int]]:
    frames = []
    while traceback is not None:
        frames.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames
