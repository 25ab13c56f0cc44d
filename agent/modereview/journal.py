"""Write the files of a review back, and take the last review back.

`.modereview/journal.json` in the project's root keeps what the last review changed: each file before and
after. It is replaced in the same swap as the files, so it always tells of what is on disk.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modereview.errors import InputError
from modereview.swap import Change, clear_leftovers, missing_folders, remove_empty, swap

FOLDER = ".modereview"
_VERSION = 1


def write_back(root: Path, changes: Mapping[Path, tuple[bytes | None, bytes]]) -> None:
    """Write all files or none. Of each path: the content expected now (None: no file) and the new one.

    Links are followed within the project. What is equal already is left alone; when all is, the journal of
    the review before stays.

    Raises:
        InputError: a sentence that says why nothing was written.
    """
    root = root.resolve()
    wanted = [_change(root, path, *contents) for path, contents in changes.items()]
    if len({change.path for change in wanted}) < len(wanted):
        raise InputError("Two of the paths lead to the same file; nothing was written. Name it once.")
    wanted = [change for change in wanted if change.before != change.after]
    if not wanted:
        return
    folders = sorted({f for change in wanted for f in missing_folders(change.path)}, reverse=True)
    with _locked(root):
        entry = _journal(root, _encode(root, wanted, folders))
        _swap(root, [entry, *wanted], "written")


@dataclass(frozen=True)
class Undone:
    """What an undo did: files brought back or removed, and new files left because somebody edited them."""

    back: tuple[Path, ...]
    kept: tuple[Path, ...] = ()


def undo(root: Path) -> Undone:
    """Bring the last review's files back as they were; files that it made are removed, unless edited since.

    Raises:
        InputError: there is nothing to undo, or a file that was there before was changed since.
    """
    root = root.resolve()
    if not (root / FOLDER / "journal.json").is_file():
        why = "no review has written files there, or the last one is taken back"
        raise InputError(f"There is nothing to undo in {root}: {why}.")
    with _locked(root):
        entry = _journal(root, None)
        recorded, folders = _decode(root, entry.before or b"")
        kept = [change for change in recorded if _is_edited(change)]
        # A review that was killed while it wrote leaves some files as before.
        back = [reverse for c in recorded if c not in kept and (reverse := _reverse(c)) is not None]
        _swap(root, [*back, entry], "undone")
        for change in recorded:
            clear_leftovers(change.path)
    remove_empty(folders)
    return Undone(tuple(change.path for change in back), tuple(change.path for change in kept))


def _swap(root: Path, changes: Sequence[Change], done: str) -> None:
    try:
        swap(changes)
    except OSError as error:
        raise InputError(f"Nothing was {done} in {root}: {error.strerror or error}.") from None


def _change(root: Path, path: Path, before: bytes | None, after: bytes | None) -> Change:
    """A change of the file that a path leads to."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):
        raise InputError(f"{path} is a loop of links; nothing was written.") from None
    if not real.is_relative_to(root):
        raise InputError(f"{path} leads outside the project ({real}); nothing was written.")
    return Change(real, real.relative_to(root).as_posix(), before, after)


def _is_edited(change: Change) -> bool:
    """Whether a file that the review made has become somebody's work since: it is not ours to remove."""
    made = change.before is None and change.path.is_file()
    return made and change.path.read_bytes() != change.after


def _reverse(change: Change) -> Change | None:
    now = change.path.read_bytes() if change.path.is_file() else None
    if now == change.before:
        return None
    if now != change.after:
        raise InputError(
            f"{change.name} was changed since the review; nothing was undone. "
            f"Its content before the review is in {FOLDER}/journal.json (base64)."
        )
    return Change(change.path, change.name, change.after, change.before)


def _journal(root: Path, content: bytes | None) -> Change:
    """The change of the journal itself."""
    path = root / FOLDER / "journal.json"
    before = path.read_bytes() if path.is_file() else None
    return Change(path, f"{FOLDER}/journal.json", before, content)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Keeps two reviews of a project apart. The lock goes with the process, however it ends."""
    try:
        folder = os.open(_make_folder(root), os.O_RDONLY)
    except OSError as error:
        raise InputError(
            f"{root / FOLDER} cannot be written: {error.strerror}; nothing was changed."
        ) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InputError(f"Another review is writing in {root}. Try again when it has ended.") from None
    finally:
        os.close(folder)


def _make_folder(root: Path) -> Path:
    """The journal's folder, kept out of git. Links in it could lead our writing anywhere."""
    folder = root / FOLDER
    for path in (folder, folder / "journal.json"):
        if path.is_symlink():
            raise InputError(f"{path} is a link, which modereview does not follow. Remove it.")
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not os.path.lexists(ignore):
        try:
            ignore.write_text("*\n")
        except OSError:  # an empty one would show the journal to git from then on
            ignore.unlink(missing_ok=True)
            raise
    return folder


def _encode(root: Path, changes: Sequence[Change], folders: Sequence[Path]) -> bytes:
    files = [
        {"path": change.name, "before": _pack(change.before), "after": _pack(change.after)}
        for change in changes
    ]
    made = [folder.relative_to(root).as_posix() for folder in folders]
    return json.dumps({"version": _VERSION, "files": files, "folders": made}, indent=1).encode()


def _pack(content: bytes | None) -> dict[str, str] | None:
    if content is None:
        return None
    return {"sha256": hashlib.sha256(content).hexdigest(), "base64": base64.b64encode(content).decode()}


def _decode(root: Path, journal: bytes) -> tuple[list[Change], list[Path]]:
    """What a journal tells. Its paths are checked as those of a review are: it may come from anywhere."""
    try:
        data = json.loads(journal)
        if data["version"] != _VERSION:
            raise ValueError(f"version {data['version']}")
        files = [(root / f["path"], _unpack(f["before"]), _unpack(f["after"])) for f in data["files"]]
        folders = [root / folder for folder in data["folders"] if ".." not in Path(folder).parts]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{root / FOLDER}/journal.json cannot be read ({error}); nothing was undone."
        ) from None
    return [_change(root, *file) for file in files], folders


def _unpack(content: dict[str, str] | None) -> bytes | None:
    if content is None:
        return None
    raw = base64.b64decode(content["base64"])
    if hashlib.sha256(raw).hexdigest() != content["sha256"]:
        raise ValueError("its checksum does not fit")
    return raw
