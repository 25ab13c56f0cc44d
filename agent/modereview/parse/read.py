"""A file to a `Source`, and a `Source` with edits to the next one."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from modereview.errors import InputError
from modereview.parse.root import find_root, locate
from modereview.parse.syntax import check_syntax
from modereview.parse.text import decode_bytes, newline_of, to_code
from modereview.records import Edit, Source

LIMIT = 2 * 1024 * 1024  # bytes; the largest file of CPython's own library has a third of it


@dataclass(frozen=True)
class Content:
    """What a file holds, and where it lies: all that its review depends on, before anything is parsed."""

    path: Path  # absolute
    root: Path  # its project
    raw: bytes


def read(path: Path, root: Path | None = None) -> Source:
    """The file at `path`, within `root` (by default its project).

    Raises:
        InputError: it cannot be opened, or is no Python 3 source.
    """
    content = load(path, root)
    return decode(content.path, content.root, content.raw)


def load(path: Path, root: Path | None = None) -> Content:
    """The bytes of the file at `path`, within `root` (by default its project).

    Raises:
        InputError: it cannot be opened.
    """
    try:
        place = locate(path)
        raw = _read_bytes(place, str(path))
        root = find_root(place) if root is None else root.resolve()
    except PermissionError:
        raise InputError(f"{path} cannot be read: permission denied. Check who may read it.") from None
    except FileNotFoundError:
        raise InputError(f"{path} does not exist. Check the path.") from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {reason}.") from None
    return Content(place, root, raw)


def _read_bytes(path: Path, shown: str) -> bytes:
    state = path.stat()
    if stat.S_ISDIR(state.st_mode):
        raise InputError(f"{shown} is a folder where a file is expected.")
    if not stat.S_ISREG(state.st_mode):  # opening a FIFO would wait for ever
        raise InputError(f"{shown} is not a regular file. Name a Python script.")
    if state.st_size > LIMIT:
        raise InputError(
            f"{shown} is {state.st_size / 2**20:.1f} MB; files over {LIMIT // 2**20} MB are not reviewed."
        )
    return path.read_bytes()


def decode(path: Path, root: Path, raw: bytes) -> Source:
    """The `Source` of a file's content. `path` is absolute and lies under `root`.

    Raises:
        InputError: it is no Python 3 source, or lies outside the root.
    """
    source = lay_out(path, root, raw)
    check_syntax(source)
    return source


def lay_out(path: Path, root: Path, raw: bytes) -> Source:
    """The same for a content that was parsed before: its text and lines, and no look at the syntax."""
    if not path.is_relative_to(root):
        raise InputError(f"{path} lies outside the project {root}. Review it from its own project.")
    shown = path.relative_to(root).as_posix()
    text, encoding = decode_bytes(raw, shown)
    code, offsets = to_code(text)
    if not code.strip():
        raise InputError(f"{shown} is empty: there is nothing to review.")
    return Source(path, root, raw, encoding, text, code, newline_of(text), offsets)


def apply(source: Source, edits: Iterable[Edit]) -> Source:
    """The source with the edits made; every byte outside them stays.

    Raises:
        ValueError: edits overlap, cannot be encoded, or the result is not Python.
    """
    pieces: list[str] = []
    end = 0
    for edit in sorted(edits):
        if not end <= edit.start <= edit.end <= len(source.text):
            raise ValueError(f"edits of {source.name} overlap or lie outside it: {edit}")
        pieces += (source.text[end : edit.start], edit.replacement)
        end = edit.end
    raw = ("".join(pieces) + source.text[end:]).encode(source.encoding)
    try:
        return decode(source.path, source.root, raw)
    except InputError as error:
        raise ValueError(str(error)) from None
