"""Checks of single settings: a value of the kind that is wanted, or WrongError with what it should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class WrongError(Exception):
    """A value is of the wrong kind; the text says what it should be."""


Reader = Callable[[object, Path], object]  # value and the folder that paths start from


def flag(value: object, _: Path) -> bool:
    """A truth value."""
    if isinstance(value, bool):
        return value
    raise WrongError("true or false")


def text(value: object, _: Path) -> str:
    """A text that is not blank."""
    if isinstance(value, str) and value.strip():
        return value
    raise WrongError("a text in quotes")


def path(value: object, base: Path) -> Path:
    """A path, from `base` where it is relative."""
    return base / Path(text(value, base)).expanduser()


def count(value: object, _: Path) -> int:
    """How many; none is allowed."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise WrongError("a whole number of 0 or more")


def positive(value: object, _: Path) -> int:
    """How many; at least one."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise WrongError("a whole number above 0")


def number(value: object, _: Path) -> float:
    """How much."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    raise WrongError("a number of 0 or more")
