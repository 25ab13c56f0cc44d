"""What really happens: runs a program and notes the mode of each forward, by the line that called it."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

FILE = "<program>"
_ENOUGH = 400  # forwards of one program; what ran until then is truth as well


@dataclass(frozen=True)
class Ran:
    """One forward: the lines of the calls that led to it, its own last, and the mode that it ran in."""

    lines: tuple[int, ...]
    mode: str


class _EnoughError(BaseException):
    """Ends a program that runs long. Its own handlers cannot catch it."""


def record(text: str) -> list[Ran]:
    """The forwards of a program in the order in which they ran.

    A `RuntimeError` that nobody catches ends a program as it would any script; other exceptions mean that
    the program was generated wrong, and are let through.
    """
    ran: list[Ran] = []
    code = compile(text, FILE, "exec")
    random.seed(0)  # generated programs throw coins

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or frame.f_code.co_filename != FILE or frame.f_code.co_name != "forward":
            return
        lines = tuple(_calls(frame))[::-1]
        if lines:
            ran.append(Ran(lines, "TRAIN" if frame.f_locals["self"].training else "EVAL"))
        if len(ran) >= _ENOUGH:
            raise _EnoughError

    sys.setprofile(watch)
    try:
        exec(code, {"__name__": "__main__"})
    except (RuntimeError, _EnoughError):
        pass
    finally:
        sys.setprofile(None)
    return ran


def _calls(forward: FrameType) -> Iterator[int]:
    """Lines of the program that are being run, innermost first; none if another forward made the call."""
    frame = forward.f_back
    while frame is not None:
        if frame.f_code.co_filename == FILE:
            if frame.f_code.co_name == "forward":
                return
            if frame.f_code.co_name not in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"):
                yield frame.f_lineno
        frame = frame.f_back
