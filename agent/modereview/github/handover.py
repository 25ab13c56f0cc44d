"""The handover as a file: written small enough to be read, read as hostile."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from modereview.errors import InputError
from modereview.github.told import SEVERITIES, Handover
from modereview.report.words import amount

LIMIT = 8_000_000  # bytes; a change with hundreds of findings takes less, with their tests and patches
_ADAPTER = TypeAdapter(Handover)


def write(handover: Handover, path: Path) -> None:
    """Write it as JSON, without what makes it too big to be read. Raises InputError where it cannot be."""
    content = next(made for each in _lighter(handover) if len(made := _ADAPTER.dump_json(each)) <= LIMIT)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"The handover {path} cannot be written: {error.strerror}.") from None


def _lighter(handover: Handover) -> Iterator[Handover]:
    """The same with less and less in it, and a sentence on that."""
    yield handover
    said = "There is too much to hand over"
    notes = handover.notes[:20]
    light = replace(handover, mended=(), tests=(), notes=(f"{said}: no fix is pushed.", *notes))
    yield light
    gravest = sorted(handover.findings, key=lambda told: SEVERITIES.index(told.severity))
    bare = [replace(each, test="", patch="", suggestion=None, evidence=()) for each in gravest]
    for count in (len(bare), 200, 20, 0):
        word = f"{said}: {count} of {amount(len(bare), 'finding')}, without tests and patches."
        # Of files whose findings are left out nothing is said to be gone.
        reviewed = handover.reviewed if count == len(bare) else ()
        kept = tuple(bare[:count])
        yield replace(light, findings=kept, reviewed=reviewed, not_run=(), notes=(word, *notes))


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
