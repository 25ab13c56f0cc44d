"""The user's own tests of a file, found by what they import: a fix must not make them worse."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from modereview.records import Outcome, Source, Status

FILES = 5  # run at most so many test files
SECONDS = 30.0  # and only where all of them together take no longer
_LOOKED_AT = 2000  # files of a project; in a larger one only these
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist"})


def find(source: Source, ours: Path) -> tuple[str, ...]:
    """Project-relative paths of the test files that import the source, `ours` left out."""
    names = _names(source.name)
    found = (
        path.relative_to(source.root).as_posix()
        for path in _test_files(source.root)
        if path not in (ours, source.path) and names & _imported(path)
    )
    return tuple(sorted(found)[:FILES])


def named(test: str, outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Outcomes under names that no case of ours has: "tests/test_train.py::test_loss"."""
    return tuple(Outcome(f"{test}::{o.case}", o.status, o.message, o.seconds) for o in outcomes)


def steady(first: Iterable[Outcome], second: Iterable[Outcome]) -> frozenset[str]:
    """The tests that speak, and say the same twice."""
    again = {o.case: o.status for o in second}
    speak = (Status.PASSED, Status.FAILED)
    return frozenset(o.case for o in first if o.status in speak and again.get(o.case) is o.status)


def _names(name: str) -> frozenset[str]:
    """How a file can be imported: "src/pkg/train.py" as src.pkg.train, pkg.train or train."""
    parts = PurePosixPath(name).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return frozenset(".".join(parts[start:]) for start in range(len(parts)))


def _test_files(root: Path) -> Iterator[Path]:
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        if (Path(folder) / "pyvenv.cfg").exists():
            folders[:] = []
            continue
        for file in sorted(files):
            count += 1
            if count > _LOOKED_AT:
                return
            if file.endswith(".py") and (file.startswith("test_") or file.endswith("_test.py")):
                yield Path(folder) / file


def _imported(path: Path) -> frozenset[str]:
    """Dotted names that a test file imports; a relative one by what it ends in."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return frozenset()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            found |= {base, *(f"{base}.{alias.name}".strip(".") for alias in node.names)}
    return frozenset(found)
