"""Where a file lies: its real folder, and the project it belongs to."""

from __future__ import annotations

from pathlib import Path

MARKERS = ("pyproject.toml", ".git")


def locate(path: Path) -> Path:
    """The absolute path of a file. Its folder is resolved, its own name is kept: a link stays the link.

    Raises:
        OSError, RuntimeError: a loop of links (RuntimeError before Python 3.13).
    """
    return path.parent.resolve() / path.name if path.name not in ("", "..") else path.resolve()


def find_root(path: Path) -> Path:
    """The nearest folder up from a file or folder that holds a marker, else the file's own folder."""
    path = locate(path)
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.parents):
        if any((folder / marker).exists() for marker in MARKERS):
            return folder
    return start
