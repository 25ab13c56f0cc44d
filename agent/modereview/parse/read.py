"""A file to a `Source`, and a `Source` with edits to the next one."""

from __future__ import annotations

import stat
import warnings
from collections.abc import Iterable
from pathlib import Path

from modereview.errors import InputError
from modereview.parse import cells as notebook_cells
from modereview.parse import notebook
from modereview.parse.root import find_root, locate
from modereview.parse.syntax import check_syntax
from modereview.parse.text import decode_bytes, newline_of, to_code
from modereview.records import Cell, Edit, Source

LIMIT = 2 * 1024 * 1024  # bytes; the largest file of CPython's own library has a third of it


class EmptyError(InputError):
    """A file that holds nothing. To one who names it that is a mistake, in a list of many it is none."""


def read(path: Path, root: Path | None = None, raw: bytes | None = None) -> Source:
    """The file at `path`, within `root` (by default its project). `raw` stands in for what it holds.

    Raises:
        InputError: it cannot be opened, or is no Python 3 source.
    """
    try:
        place = locate(path)
        if raw is None:
            raw = _read_bytes(place, str(path))
        _check_size(len(raw), path, str(path))
        root = find_root(place) if root is None else root.resolve()
    except PermissionError:
        raise InputError(f"{path} cannot be read: permission denied. Check who may read it.") from None
    except FileNotFoundError:
        raise InputError(f"{path} does not exist. Check the path.") from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {reason}.") from None
    return decode(place, root, raw)


def _compiles(source: Source) -> bool:
    """Whether Python takes the program: `global model` behind its first use is an error of no parser."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source.tree, source.name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError):
            return False
    return True


def _read_bytes(path: Path, shown: str) -> bytes:
    state = path.stat()
    if stat.S_ISDIR(state.st_mode):
        raise InputError(f"{shown} is a folder where a file is expected.")
    if not stat.S_ISREG(state.st_mode):  # opening a FIFO would wait for ever
        raise InputError(f"{shown} is not a regular file. Name a Python script.")
    _check_size(state.st_size, path, shown)
    return path.read_bytes()


def _check_size(size: int, path: Path, shown: str) -> None:
    limit = notebook.LIMIT if path.suffix == notebook.SUFFIX else LIMIT
    if size > limit:
        raise InputError(
            f"{shown} is {size / 2**20:.1f} MB; files over {limit // 2**20} MB are not reviewed."
        )


def decode(path: Path, root: Path, raw: bytes) -> Source:
    """The `Source` of a file's content. `path` is absolute and lies under `root`.

    Raises:
        InputError: it is no Python 3 source, or lies outside the root.
    """
    if not path.is_relative_to(root):
        raise InputError(f"{path} lies outside the project {root}. Review it from its own project.")
    shown = path.relative_to(root).as_posix()
    cells: tuple[Cell, ...] = ()
    if path.suffix == notebook.SUFFIX:
        (text, cells), encoding = notebook.read_cells(raw, shown), "utf-8"
    else:
        text, encoding = decode_bytes(raw, shown)
    code, offsets = to_code(text)
    if not code.strip():
        raise EmptyError(f"{shown} is empty: there is nothing to review.")
    source = Source(path, root, raw, encoding, text, code, newline_of(text), offsets, cells)
    check_syntax(source)
    return source


def apply(source: Source, edits: Iterable[Edit]) -> Source:
    """The source with the edits made; every byte outside them stays, and in a notebook of each cell.

    Raises:
        ValueError: edits overlap, cannot be encoded, or the result is not Python.
    """
    pieces: list[str] = []
    end = 0
    edits = sorted(edits)
    for edit in edits:
        if not end <= edit.start <= edit.end <= len(source.text):
            raise ValueError(f"edits of {source.name} overlap or lie outside it: {edit}")
        pieces += (source.text[end : edit.start], edit.replacement)
        end = edit.end
    text = "".join(pieces) + source.text[end:]
    raw = notebook_cells.edited(source, edits) if source.cells else text.encode(source.encoding)
    try:
        after = decode(source.path, source.root, raw)
    except InputError as error:
        raise ValueError(str(error)) from None
    if not _compiles(after) and _compiles(source):
        raise ValueError(f"{source.name}: the edits break a rule of the language")
    if after.text != text:  # in a notebook: each cell has to make sense by itself
        raise ValueError(f"{source.name}: the edits do not fit into its cells")
    return after
