"""Answers of earlier runs, in the user's cache folder.

An entry is found by what the answer depends on and the file itself cannot change: its path and content, the
rules asked for, and modereview's own files. It holds what else it was made of, the neighbours, which are
compared when it is read. Entries appear by an atomic rename, so that runs side by side and a crash leave
whole entries only; one that cannot be read counts as none.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import secrets
import sys
import time
from contextlib import suppress
from pathlib import Path

from modereview.scan.answer import Answer, Task, digest

_DAYS = 30  # an entry that nobody asked for in so long is removed
_DAY = 24 * 3600


class Cache:
    """Keeps answers in a folder; without one it keeps none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._stamp = _stamp() if folder else ""
        self._digests: dict[Path, str] = {}  # of neighbours: the same ones come again and again

    def get(self, task: Task, raw: bytes) -> Answer | None:
        """The answer that is known for a file of that content."""
        entry = self._entry(task, raw)
        if entry is None:
            return None
        try:
            found = pickle.loads(entry.read_bytes())
        except Exception:  # whatever a broken entry does to the unpickler
            return None
        if not isinstance(found, Answer) or any(self._digest(p) != d for p, d in found.made_of):
            return None
        _used(entry)
        return found

    def put(self, task: Task, raw: bytes, answer: Answer) -> None:
        """Keep an answer. A folder that cannot be written keeps none, and nobody is told: nothing is lost."""
        entry = self._entry(task, raw)
        if entry is None or not answer.is_sound:
            return
        beside = entry.with_name(f"{entry.name}.{secrets.token_hex(4)}")
        with suppress(OSError):
            entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.write_bytes(pickle.dumps(answer))
            beside.replace(entry)
            return
        with suppress(OSError):
            beside.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what was not asked for in a month; looked at once a day."""
        if self._folder is None:
            return
        mark, now = self._folder / "tidied", time.time()
        with suppress(OSError):
            if mark.exists() and now - mark.stat().st_mtime < _DAY:
                return
            mark.touch()
            for entry in self._folder.glob("??/*"):
                if now - entry.stat().st_mtime > _DAYS * _DAY:
                    entry.unlink(missing_ok=True)

    def _entry(self, task: Task, raw: bytes) -> Path | None:
        if self._folder is None:
            return None
        parts = (self._stamp, str(task.path), str(task.root), *task.select, "but", *task.ignore)
        key = hashlib.sha256("\0".join(parts).encode(errors="surrogateescape") + b"\0" + raw).hexdigest()
        return self._folder / key[:2] / key[2:]

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = digest(path)
        return self._digests[path]


def folder() -> Path:
    """The user's cache folder, as each system has it."""
    home = Path.home()
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "modereview" / "static"


def _stamp() -> str:
    """Of modereview's own files and the Python that parses: another version gives other answers."""
    home = Path(__file__).parents[1]
    rooms = ("records", "parse", "analyze", "rules", "edits", "fix", "scan")
    files = sorted(path for room in rooms for path in (home / room).glob("*.py"))
    states = ((p.name, (s := p.stat()).st_mtime_ns, s.st_size) for p in files)
    return hashlib.sha256(repr((sys.version, list(states))).encode()).hexdigest()


def _used(entry: Path) -> None:
    """Note that an entry was asked for, at most once a day."""
    with suppress(OSError):
        if time.time() - entry.stat().st_mtime > _DAY:
            os.utime(entry)
