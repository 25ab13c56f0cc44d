"""Answers kept on disk between runs, by key, in the user's cache folder.

Runs may share it: an entry is written under another name and then renamed, so that a reader finds a whole
one or none, whoever writes or crashes at the time. It is a help and never a need: what cannot be read or
written is worked out anew.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LIMIT = 64 * 2**20  # bytes on disk
_BLOCK = 4096  # what the smallest file takes of a disk


def folder(environ: Mapping[str, str]) -> Path | None:
    """Where this user's caches lie; None where that is not known."""
    try:
        base = environ.get("XDG_CACHE_HOME", "")
        return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "modereview"
    except RuntimeError:  # no home
        return None


@dataclass(frozen=True)
class Cache:
    """Bytes by key, in a folder. Keys are hexadecimal digests. With no folder it keeps nothing."""

    folder: Path | None
    limit: int = LIMIT

    def get(self, key: str) -> bytes | None:
        """What was put under the key; None where nothing is (any more)."""
        try:
            return self._path(self.folder, key).read_bytes() if self.folder else None
        except OSError:
            return None

    def put(self, key: str, content: bytes) -> None:
        """Keep the content. Where that fails it is not kept, and nobody need know."""
        if self.folder is None:
            return
        path = self._path(self.folder, key)
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                Path(name).replace(path)
            except OSError:
                Path(name).unlink()

    def trim(self) -> None:
        """Where the cache has grown over its limit, the entries written first go, until a quarter is free."""
        found = sorted(self._entries())
        total = sum(size for _, size, _ in found)
        if total <= self.limit:
            return
        for _, size, path in found:
            if total <= self.limit * 3 // 4:
                break
            with suppress(OSError):  # another run took it
                path.unlink()
            total -= size

    def _entries(self) -> list[tuple[float, int, Path]]:
        """(time, bytes on disk, path) of all entries, those included that a crash left half written."""
        found = []
        for here, _, names in os.walk(self.folder) if self.folder else ():
            for name in names:
                path = Path(here, name)
                with suppress(OSError):
                    state = path.stat()
                    found.append((state.st_mtime, -(-state.st_size // _BLOCK) * _BLOCK, path))
        return found

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / key[:2] / key[2:]
