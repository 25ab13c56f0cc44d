"""Where a suite goes, and what its file will say given what is there already."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from modereview.errors import InputError
from modereview.records import Review, Source
from modereview.write.merge import edited, merge


@dataclass(frozen=True)
class Placed:
    """A test file as it will be: `before` is what is there now, None where there is nothing."""

    path: Path
    before: bytes | None
    text: str
    edited: tuple[str, ...] = ()  # functions that stay as they are there, unlike ours


def test_path(source: Source, tests_dir: Path | None) -> Path:
    """The path of the suite: in `tests/` where the project has one, else beside the script.

    In a folder of tests the name is made of the project-relative path, so that equal stems do not collide.
    Raises InputError where `tests_dir` lies outside the project.
    """
    tests = source.root / "tests" if tests_dir is None else _inside(tests_dir, source.root)
    shared = tests_dir is not None or tests.is_dir()
    stem = "_".join(Path(source.name).with_suffix("").parts) if shared else source.path.stem
    return (tests if shared else source.path.parent) / f"test_{re.sub(r'[^0-9A-Za-z_]', '_', stem)}_modes.py"


def place(path: Path, text: str) -> Placed:
    """Lay the text over the file that is there: the user's edits stay, a stranger's file is left alone.

    Where the name is a stranger's, the suite goes to the first of `test_x_2.py`, `test_x_3.py` ... that is
    free, or that is its own from an earlier review.
    """
    return next(placed for each in numbered(path) if (placed := _laid(each, text)) is not None)


def numbered(path: Path) -> Iterator[Path]:
    """`test_x.py`, `test_x_2.py`, `test_x_3.py` ..."""
    yield path
    yield from (path.with_stem(f"{path.stem}_{number}") for number in count(2))


def apart(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """The reviews, with new test files that have the same name told apart: `a_b.py` and `a/b.py` collide."""
    taken: set[Path] = set()
    done: list[Review] = []
    for review in reviews:
        if review.suite is not None:
            path = review.suite.path
            if path in taken:
                path = next(p for p in numbered(path) if p not in taken and not os.path.lexists(p))
            taken.add(path)
            review = replace(review, suite=replace(review.suite, path=path))
        done.append(review)
    return tuple(done)


def _laid(path: Path, text: str) -> Placed | None:
    """The text laid over one file; None where that is no suite of this script."""
    if not os.path.lexists(path):
        return Placed(path, None, text)
    try:
        before = path.read_bytes()
        there = before.decode()
        return Placed(path, before, merge(there, text) or there, edited(there, text))
    except (OSError, ValueError):
        return None


def _inside(tests_dir: Path, root: Path) -> Path:
    real = tests_dir.resolve()
    if not real.is_relative_to(root):
        raise InputError(
            f"--tests-dir {tests_dir} lies outside the project {root}. Choose a folder inside it."
        )
    return real
