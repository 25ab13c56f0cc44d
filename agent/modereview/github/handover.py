"""The handover as a file: written small enough to be read, read as hostile."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from modereview.errors import InputError
from modereview.github.told import Handover

LIMIT = 8_000_000  # bytes; 2,000 findings with their tests take less
_ADAPTER = TypeAdapter(Handover)


def write(handover: Handover, path: Path) -> None:
    """Write it as JSON. Raises InputError where that cannot be done."""
    try:
        path.write_bytes(_ADAPTER.dump_json(handover, indent=1))
    except OSError as error:
        raise InputError(f"The handover {path} cannot be written: {error.strerror}.") from None


def read(path: Path) -> Handover:
    """The handover in a file. Raises InputError for a link, a file too big, or any field out of shape."""
    try:
        return _ADAPTER.validate_json(_contents(path))
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"])) or "the whole" for each in error.errors()})
        raise InputError(
            f"{path} is no handover of this modereview: {places[0][:200]!r} is out of shape, "
            f"{len(places)} such places. Nothing of it is used."
        ) from None


def _contents(path: Path) -> bytes:
    """At most LIMIT bytes of a regular file: no link, no pipe, no device. Raises InputError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
            content = file.read(LIMIT + 1) if plain else b""
    except OSError as error:
        raise InputError(f"The handover {path} cannot be read: {error.strerror}.") from None
    if not plain or len(content) > LIMIT:
        why = f"is bigger than {LIMIT} bytes" if plain else "is no plain file"
        raise InputError(f"The handover {path} {why}. Nothing of it is used.")
    return content
