"""Several files replaced at once: all of them or none, whatever happens meanwhile."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from modereview.errors import InputError, ToolError


@dataclass(frozen=True)
class Change:
    """What is to become of a file. None: it does not exist (before), or is removed (after)."""

    path: Path  # real: no links in it
    name: str  # for the user
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True)
class _Staged:
    """A change with its contents on disk beside the file, so that the swap itself needs no room."""

    change: Change
    old: Path | None
    new: Path | None


def swap(changes: Sequence[Change]) -> None:
    """Make the changes in their order; mode and owner of a file stay.

    Raises:
        InputError: a file is not as expected or may not be written. Then nothing has changed.
        OSError: the disk is full or fails. Then nothing has changed either.
        ToolError: a file could not be put back after such a failure.
    """
    temporary: list[Path] = []
    folders: list[Path] = []
    try:
        for change in changes:
            _check(change)
            _refuse_read_only(change)
        staged = [_stage(change, temporary, folders) for change in changes]
        with _uninterrupted():
            _commit(staged)
    except BaseException:
        _discard(temporary, folders)
        raise
    _discard(temporary, [])


def missing_folders(path: Path) -> list[Path]:
    """The folders above a file that do not exist, innermost first."""
    return [folder for folder in path.parents if not folder.exists()]


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove those of the folders that are empty, in their order."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _check(change: Change) -> None:
    there = os.path.lexists(change.path)
    if (change.path.read_bytes() if there else None) != change.before:
        raise InputError(f"{change.name} changed during the review; nothing was written. Run it again.")


def _refuse_read_only(change: Change) -> None:
    """A rename would replace a read-only file without a word, and root may write everywhere."""
    folder = next(parent for parent in change.path.parents if parent.exists())
    for path, what in ((change.path, change.name), (folder, f"the folder of {change.name}")):
        if path.exists() and not (os.access(path, os.W_OK) and path.stat().st_mode & 0o222):
            raise InputError(f"{what} is read-only; nothing was written. Allow writing, or use --diff.")


def _stage(change: Change, temporary: list[Path], folders: list[Path]) -> _Staged:
    for folder in reversed(missing_folders(change.path)):
        folders.insert(0, folder)
        folder.mkdir()
    old = None if change.before is None else _write(change.path, change.before, temporary)
    new = None if change.after is None else _write(change.path, change.after, temporary)
    return _Staged(change, old, new)


def _write(path: Path, content: bytes, temporary: list[Path]) -> Path:
    """The content in a hidden file beside `path`, with its mode and owner."""
    clear_leftovers(path, temporary)
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")
    temporary.append(beside)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:  # noqa: PTH123
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        state = path.stat()
        if (state.st_uid, state.st_gid) != (beside.stat().st_uid, beside.stat().st_gid):
            os.chown(beside, state.st_uid, state.st_gid)
        shutil.copymode(path, beside)
    return beside


def clear_leftovers(path: Path, ours: Sequence[Path] = ()) -> None:
    """Remove what a killed review left beside `path`: whoever swaps holds the lock of the project."""
    mine = re.compile(rf"\.{re.escape(path.name[:200])}\.[0-9a-f]{{8}}\.tmp")
    for found in path.parent.iterdir() if path.parent.is_dir() else ():
        if mine.fullmatch(found.name) and found not in ours and not found.is_symlink():
            found.unlink(missing_ok=True)


def _commit(staged: Sequence[_Staged]) -> None:
    done: list[_Staged] = []
    try:
        for item in staged:
            _check(item.change)
        for item in staged:
            _put(item.new, item.change.path)
            done.append(item)
    except BaseException:
        _put_back(done)
        raise


def _put_back(done: Sequence[_Staged]) -> None:
    for item in reversed(done):
        try:
            _put(item.old, item.change.path)
        except OSError as error:
            raise ToolError(
                f"{item.change.name} could not be put back ({error.strerror}). Then try: modereview undo"
            ) from error


def _put(content: Path | None, path: Path) -> None:
    if content is None:
        path.unlink()
    else:
        os.replace(content, path)  # noqa: PTH105 - the call that is atomic by its documentation
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a power cut must not undo the order of the renames
    finally:
        os.close(folder)


def _discard(temporary: Sequence[Path], folders: Sequence[Path]) -> None:
    for path in temporary:
        with suppress(OSError):
            path.unlink(missing_ok=True)
    remove_empty(folders)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the block is through. Only the main thread gets it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pending.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
    if pending:
        raise KeyboardInterrupt
