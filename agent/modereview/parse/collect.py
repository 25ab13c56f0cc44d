"""Files and folders of the command line to the files that are reviewed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from modereview.errors import InputError
from modereview.parse.globs import ignored_above
from modereview.parse.notebook import SUFFIX as NOTEBOOK
from modereview.parse.read import LIMIT
from modereview.parse.root import find_root, locate

# `torch` itself, and what has it in its name: torchvision, pytorch_lightning, a project's own `nets.pytorch`
_TORCH = re.compile(rb"(?:^|[\r\n])[^\r\n#]*\b(?:import|from)\b[^\r\n#]*torch")
_TORCH_IN_NOTEBOOK = re.compile(rb"\b(?:import|from)\s[^\r\n#]*torch")  # its lines are strings of JSON
_SKIPPED = ("node_modules", "__pycache__")


# The first words of every suite we write: a folder is reviewed for its scripts, not for our tests of them.
_OUR_TESTS = b'"""Mode and determinism tests of '


def collect(paths: Sequence[Path], exclude: Sequence[str] = ()) -> list[Path]:
    """The files named and, of each folder, each script and notebook that imports torch; sorted, each once.

    What a .gitignore or `exclude` takes out of a folder is left out. Patterns count from the project's root.

    Raises:
        InputError: a path does not exist, or a folder holds no such file.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path, tuple(exclude)):
            found.setdefault(locate(file), file)
    return list(found.values())


def _files(path: Path, exclude: tuple[str, ...]) -> list[Path]:
    try:
        is_folder = path.is_dir()
        exists = is_folder or os.path.lexists(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path!s} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if not exists:
        raise InputError(f"{path} does not exist. Check the path.")
    files = sorted(_walk(path, exclude)) if is_folder else [path]
    if not files:
        raise InputError(
            f"{path} holds no Python file that imports torch. Name a training script or its folder."
        )
    return files


def _walk(folder: Path, exclude: tuple[str, ...]) -> Iterator[Path]:
    """Links to folders are not followed: they are where endless loops come from."""
    real = folder.resolve()
    ignored = {real.parent: ignored_above(real, find_root(real), exclude)}
    for here, folders, names in os.walk(folder, onerror=_refuse):
        place = Path(here)
        there = real / place.relative_to(folder)
        rules = ignored[there] = ignored[there.parent].entering(there)
        folders[:] = [
            name for name in folders if not (_skipped(place / name) or rules.holds(there / name, folder=True))
        ]
        for name in names:
            wanted = name.endswith((".py", NOTEBOOK)) and not rules.holds(there / name)
            if wanted and imports_torch(place / name):
                yield place / name


def _refuse(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read: {error.strerror}. Check who may read it.")


def _skipped(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _SKIPPED
    # One that may not be entered is no environment: walking into it says why.
    return hidden or os.path.exists(folder / "pyvenv.cfg")  # noqa: PTH110


def imports_torch(path: Path) -> bool:
    """A cheap look at the bytes; our own tests do not count. What cannot be opened does: reading says why."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            if path.suffix == NOTEBOOK:
                return _TORCH_IN_NOTEBOOK.search(file.read()) is not None
            text = file.read(LIMIT)
            return not text.startswith(_OUR_TESTS) and _TORCH.search(text) is not None
    except OSError:
        return True
