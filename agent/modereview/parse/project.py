"""The files of a project, as those see them that look through all of their texts."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from modereview.parse.notebook import SUFFIX as NOTEBOOK

_FILES, _BYTES = 3000, 2**20  # looked through at most; larger files are data
_TEST = re.compile(r"^(tests?|conftest\.py|test_.*|.*_test\.py)$")


def files(root: Path) -> Iterator[Path]:
    """The scripts and notebooks of a project, tests and hidden folders left out."""
    return islice(_all(root), _FILES)


def state(root: Path) -> str:
    """A digest that another one replaces when a file that may be asked is added, changed or removed."""
    states = []
    for path in files(root):
        with suppress(OSError):
            found = path.stat()
            states.append((str(path), found.st_mtime_ns, found.st_size))
    return hashlib.sha256(repr(states).encode()).hexdigest()


def _all(root: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")) and not _TEST.match(f))
        for name in sorted(names):
            if name.endswith((".py", NOTEBOOK)) and not _TEST.match(name):
                yield Path(here, name)


def text_of(path: Path) -> bytes:
    """What a file holds; nothing where it cannot be read or is no text of that size."""
    try:
        return path.read_bytes() if path.stat().st_size <= _BYTES else b""
    except OSError:
        return b""
