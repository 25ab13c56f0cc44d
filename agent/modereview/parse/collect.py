"""Files and folders of the command line to the files that are reviewed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from modereview.errors import InputError
from modereview.parse.read import LIMIT
from modereview.parse.root import locate

_TORCH = re.compile(rb"(?:^|[\r\n])[^\r\n#]*\b(?:import|from)\b[^\r\n#]*\btorch\b")
_SKIPPED = ("node_modules", "__pycache__")


# The first words of every suite we write: a folder is reviewed for its scripts, not for our tests of them.
_OUR_TESTS = b'"""Mode and determinism tests of '


def collect(paths: Sequence[Path]) -> list[Path]:
    """The files named and, of each folder, every .py that imports torch; sorted within a folder, each once.

    Raises:
        InputError: a path does not exist, or a folder holds no such file.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path):
            found.setdefault(locate(file), file)
    return list(found.values())


def _files(path: Path) -> list[Path]:
    try:
        is_folder = path.is_dir()
        exists = is_folder or os.path.lexists(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path!s} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if not exists:
        raise InputError(f"{path} does not exist. Check the path.")
    files = sorted(_walk(path)) if is_folder else [path]
    if not files:
        raise InputError(
            f"{path} holds no Python file that imports torch. Name a training script or its folder."
        )
    return files


def _walk(folder: Path) -> Iterator[Path]:
    """Links to folders are not followed: they are where endless loops come from."""
    for here, folders, names in os.walk(folder, onerror=_refuse):
        place = Path(here)
        folders[:] = [name for name in folders if not _skipped(place / name)]
        yield from (place / name for name in names if name.endswith(".py") and _imports_torch(place / name))


def _refuse(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read: {error.strerror}. Check who may read it.")


def _skipped(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _SKIPPED
    return hidden or (folder / "pyvenv.cfg").exists()


def _imports_torch(path: Path) -> bool:
    """A cheap look at the bytes; our own tests do not count. What cannot be opened does: reading says why."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            text = file.read(LIMIT)
            return not text.startswith(_OUR_TESTS) and _TORCH.search(text) is not None
    except OSError:
        return True
