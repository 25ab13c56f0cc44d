"""Root gives its rights up before user code runs: who it becomes, and what that user can read."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NOBODY = 65534
# Unused by people and by distributions' services. One for each worker: the limit on processes is its own.
_FIRST, _COUNT = 61184, 4000
# Of a copy nothing private is shown: the project may be a home.
_LEFT_OUT = shutil.ignore_patterns(".*", "venv", "node_modules", "__pycache__")
_LARGEST, _TOTAL = 50 * 2**20, 500 * 2**20  # bytes of a file, and of all


def unprivileged(uid_map: str, pid: int) -> int | None:
    """A user without rights that this container knows; None where there is none but root.

    `uid_map` is the text of /proc/self/uid_map: lines of "first-inside first-outside count".
    """
    known = [(int(line.split()[0]), int(line.split()[2])) for line in uid_map.splitlines()]
    wanted = (_FIRST + pid % _COUNT, _NOBODY)
    return next((user for user in wanted if any(a <= user < a + n for a, n in known)), None)


def reachable(path: Path, hidden: Iterable[Path]) -> bool:
    """Whether an unprivileged user gets to `path`; what lies below `hidden` is mounted anew, and open."""
    parents = path.resolve().parents
    return any(folder in parents for folder in hidden) or all(_open(each) for each in parents)


def readable(root: Path) -> bool:
    """Whether an unprivileged user can read all files of a project."""
    return _open(root) and all(_open(path) for path in _walk(root))


def copy_project(root: Path, into: Path) -> tuple[str, ...]:
    """Copy a project so that everybody can read it. Gives sentences on what was left out."""
    budget, left_out = _TOTAL, []

    def copy(source: str, target: str) -> str:
        nonlocal budget
        size = Path(source).stat().st_size
        if size > min(_LARGEST, budget) or not Path(source).is_file():
            left_out.append(source)
            return target
        budget -= size
        return shutil.copyfile(source, target)

    def ignore(folder: str, names: list[str]) -> set[str]:
        """What is not shown, and the copy itself, where temporary files lie in the project."""
        return _LEFT_OUT(folder, names) | {name for name in names if Path(folder, name) == into}

    shutil.copytree(root, into, symlinks=True, ignore=ignore, copy_function=copy, dirs_exist_ok=True)
    for path in (into, *into.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return (f"{len(left_out)} large files of {root} could not be shown to the tests.",) if left_out else ()


def threads_of(user: int) -> int:
    """How many threads of a user run now; the limit on processes counts them in."""
    return sum(_threads(process) for process in Path("/proc").iterdir() if _belongs(process, user))


def _belongs(process: Path, user: int) -> bool:
    try:
        return process.name.isdigit() and process.stat().st_uid == user
    except OSError:
        return False  # it has ended


def _threads(process: Path) -> int:
    try:
        return len(list((process / "task").iterdir()))
    except OSError:
        return 0


def _open(path: Path) -> bool:
    mode = path.stat().st_mode
    needed = stat.S_IROTH | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
    return mode & needed == needed


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        ignored = _LEFT_OUT(folder, [*folders, *files])
        folders[:] = [name for name in folders if name not in ignored]
        yield from (Path(folder) / name for name in (*folders, *files) if (Path(folder) / name).exists())
