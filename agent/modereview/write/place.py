"""Where a suite goes, and what its file will say given what is there already."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from modereview.records import Source
from modereview.write.merge import free_path, merge


@dataclass(frozen=True)
class Placed:
    """A test file as it will be: `before` is what is there now, None where there is nothing."""

    path: Path
    before: bytes | None
    text: str

    @property
    def changes(self) -> bool:
        """Whether writing it changes anything."""
        return self.before != self.text.encode()


def test_path(source: Source, tests_dir: Path | None) -> Path:
    """The path of the suite: in `tests/` where the project has one, else beside the script.

    In a folder of tests the name is made of the project-relative path, so that equal stems do not collide.
    """
    tests = tests_dir or source.root / "tests"
    shared = tests_dir is not None or tests.is_dir()
    stem = "_".join(Path(source.name).with_suffix("").parts) if shared else source.path.stem
    return (tests if shared else source.path.parent) / f"test_{re.sub(r'[^0-9A-Za-z_]', '_', stem)}_modes.py"


def place(path: Path, text: str) -> Placed:
    """Lay the text over the file that is there: the user's edits stay, a stranger's file is left alone."""
    if not path.exists():
        return Placed(path, None, text)
    before = path.read_bytes()
    try:
        there = before.decode()
        return Placed(path, before, merge(there, text) or there)
    except ValueError:  # no suite of ours
        return Placed(free_path(path), None, text)
