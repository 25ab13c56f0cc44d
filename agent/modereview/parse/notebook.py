"""A notebook (.ipynb, nbformat 4) to one text: its code cells in order, each line with its origin."""

from __future__ import annotations

import json
import json.scanner
import re
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate

from modereview.errors import InputError
from modereview.parse.magics import to_python
from modereview.parse.text import NEWLINE
from modereview.records import Cell

SUFFIX = ".ipynb"
LIMIT = 50 * 1024 * 1024  # bytes; most of a large notebook are its pictures


class Placed(str):
    """A string of a JSON document that knows between which indices of the document it stands, quotes out."""

    __slots__ = ("end", "start")
    start: int
    end: int


class _Decoder(json.JSONDecoder):
    """Decodes as the standard decoder does, with every string value placed."""

    def __init__(self) -> None:
        super().__init__()
        self.parse_string = _placed
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]


def _placed(document: str, start: int, strict: bool = True) -> tuple[str, int]:
    text, end = json.decoder.scanstring(document, start, strict)  # type: ignore[attr-defined]
    placed = Placed(text)
    placed.start, placed.end = start, end - 1
    return placed, end


def read_cells(raw: bytes, shown: str) -> tuple[str, tuple[Cell, ...]]:
    """The Python of a notebook's code cells, and where each line of it comes from.

    Raises:
        InputError: no notebook, of an older format, or in another language; the sentence names `shown`.
    """
    document = document_of(raw, shown)
    breaks = [match.start() for match in re.finditer("\n", document)]
    cells: list[Cell] = []
    code: list[str] = []
    for number, pieces in code_cells(document, shown):
        cells.append(Cell(number, len(code) + 1, _origins(pieces, breaks)))
        code += to_python("".join(pieces)).split("\n")
    return "\n".join(code), tuple(cells)


def code_cells(document: str, shown: str) -> Iterator[tuple[int, list[Placed]]]:
    """The number and the source of each code cell. A source is one string, or one for each line."""
    for number, cell in enumerate(_checked(_decoded(document, shown), shown), start=1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            pieces = [s for s in (source if isinstance(source, list) else [source]) if isinstance(s, Placed)]
            if pieces:
                yield number, pieces


def document_of(raw: bytes, shown: str) -> str:
    """The JSON of a notebook, without a byte order mark."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{shown} is not UTF-8, as notebooks are. Save it again in Jupyter.") from None


def _decoded(document: str, shown: str) -> object:
    try:
        return _Decoder().decode(document)
    except ValueError as error:
        raise InputError(f"{shown} is not a notebook: its JSON is broken ({error}).") from None
    except RecursionError:
        raise InputError(f"{shown} is not a notebook: its JSON is nested too deeply.") from None


def _checked(notebook: object, shown: str) -> list[object]:
    """The cells of a notebook that we can read."""
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise InputError(f"{shown} is not a notebook: it has no `nbformat`.")
    if notebook["nbformat"] < 4:
        hint = "`jupyter nbconvert --to notebook --inplace` makes it a newer one"
        raise InputError(f"{shown} is a notebook of format {notebook['nbformat']}: {hint}.")
    language = _language(notebook.get("metadata"))
    if language != "python":
        raise InputError(f"{shown} is a notebook in {language}: only Python is reviewed.")
    cells = notebook.get("cells")
    return cells if isinstance(cells, list) else []


def _language(metadata: object) -> str:
    """What a notebook's metadata calls its language; Python where they say nothing."""
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(key) if isinstance(metadata, dict) else None
        named = part.get(field) if isinstance(part, dict) else None
        if isinstance(named, str) and named:
            return "python" if named.lower() in ("python", "ipython") else str(named)
    return "python"


def _origins(pieces: list[Placed], breaks: list[int]) -> tuple[int, ...]:
    """For each line of a cell, the line of the document that holds its start."""
    starts = [0, *(match.end() for match in NEWLINE.finditer("".join(pieces)))]
    ends = list(accumulate(map(len, pieces)))
    holders = [pieces[min(bisect(ends, start), len(pieces) - 1)] for start in starts]
    return tuple(bisect(breaks, piece.start) + 1 for piece in holders)
