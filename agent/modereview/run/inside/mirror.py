"""A folder that looks like the project, with some files replaced, at the price of a few links."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


_MOST_ENTRIES = 150  # files and folders of a small project


def build(source: Path, mirror: Path, files: Mapping[str, bytes]) -> None:
    """Make `mirror` show `source` with `files` (relative path -> content) laid over it.

    Folders on the way to a laid-over file are real, and those of a small project: a file of it may make a
    folder of its own there when it is imported. All else is a link. Raises OSError.
    """
    written = {Path(name): content for name, content in files.items()}
    folders = {parent for name in written for parent in name.parents} | {Path()} | set(_few(source))
    for folder in sorted(folders):
        (mirror / folder).mkdir(parents=True, exist_ok=True)
        _link_entries(source, mirror, folder, folders | set(written))
    for name, content in written.items():
        (mirror / name).write_bytes(content)


def _few(source: Path) -> list[Path]:
    """The folders of a small project, relative to it; none of a large one: links take their time."""
    found, waiting, entries = list[Path](), [source], 0
    while waiting:
        here = list(os.scandir(waiting.pop()))
        entries += len(here)
        if entries > _MOST_ENTRIES:
            return []
        inner = [
            Path(entry.path) for entry in here if entry.is_dir(follow_symlinks=False) and _open(entry.name)
        ]
        found += [path.relative_to(source) for path in inner]
        waiting += inner
    return found


def _open(name: str) -> bool:
    """Whether code may look for its own files in a folder of this name."""
    return not name.startswith((".", "__pycache__"))


def _link_entries(source: Path, mirror: Path, folder: Path, real: set[Path]) -> None:
    if not (source / folder).is_dir():
        return
    for entry in os.scandir(source / folder):
        # compiled files of the folder may belong to the content that is laid over
        if folder / entry.name not in real and entry.name != "__pycache__":
            (mirror / folder / entry.name).symlink_to(entry.path)
