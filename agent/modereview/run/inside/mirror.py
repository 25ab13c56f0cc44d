"""A folder that looks like the project, with some files replaced, at the price of a few links."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def build(source: Path, mirror: Path, files: Mapping[str, bytes]) -> None:
    """Make `mirror` show `source` with `files` (relative path -> content) laid over it.

    Folders on the way to a laid-over file are real, all else is a link. Raises OSError.
    """
    written = {Path(name): content for name, content in files.items()}
    folders = {parent for name in written for parent in name.parents} | {Path()}
    for folder in sorted(folders):
        (mirror / folder).mkdir(parents=True, exist_ok=True)
        _link_entries(source, mirror, folder, folders | set(written))
    for name, content in written.items():
        (mirror / name).write_bytes(content)


def _link_entries(source: Path, mirror: Path, folder: Path, real: set[Path]) -> None:
    if not (source / folder).is_dir():
        return
    for entry in os.scandir(source / folder):
        # compiled files of the folder may belong to the content that is laid over
        if folder / entry.name not in real and entry.name != "__pycache__":
            (mirror / folder / entry.name).symlink_to(entry.path)
