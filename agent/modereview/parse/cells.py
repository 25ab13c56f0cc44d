"""Edits of a notebook's code, written into its JSON: whatever lies outside the lines that change stays.

`Source.text` of a notebook is the code of its cells, line for line: a place in it leads to a cell, and that
to a string of the document. Jupyter writes the source of a cell as a list with a string for each line.
"""

from __future__ import annotations

import codecs
import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from modereview.parse.notebook import Placed, code_cells, document_of
from modereview.parse.text import NEWLINE, whole_lines
from modereview.records import Edit, Source


def edited(source: Source, edits: Sequence[Edit]) -> bytes:
    """The notebook with the edits of its code made.

    Raises:
        ValueError: an edit reaches over several cells, or changes a line that stands for one of IPython's.
    """
    document = document_of(source.raw, source.name)
    parted = [_parted(source, edit) for edit in edits]
    end, parts = 0, list[str]()
    for index, (_, pieces) in enumerate(code_cells(document, source.name)):
        cell = _Cell(document, pieces)
        wanted = sorted(_within(source, index, cell.text, edit) for at, edit in parted if at == index)
        if wanted:
            parts += [document[end : pieces[0].start - 1], cell.written(wanted)]
            end = pieces[-1].end + 1
    mark = codecs.BOM_UTF8 if source.raw.startswith(codecs.BOM_UTF8) else b""
    return mark + ("".join(parts) + document[end:]).encode()


@dataclass(frozen=True)
class _Cell:
    """The source of a code cell: its strings and the document that they stand in."""

    document: str
    pieces: list[Placed]

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def written(self, edits: Sequence[Edit]) -> str:
        """What stands in the document from the first string to the last, after the edits."""
        shares = list(self._shares(edits))
        if all(piece == new for piece, new in zip(self.pieces, shares, strict=True)):
            return self._from(self.pieces[0], self.pieces[-1])
        if self._is_one_string:
            return _quoted(shares[0], like=self._from(self.pieces[0], self.pieces[0]))
        between = self._between()
        written = ""
        for before, piece, new in zip([between[0], *between], self.pieces, shares, strict=False):
            for line in self._strings(piece, new):
                written += (before if written else "") + line
                before = between[0]
        return written

    def _strings(self, piece: Placed, new: str) -> list[str]:
        """A string for each line; those that stay are written as they are."""
        old = self._from(piece, piece)
        lines = [new] if new == piece else whole_lines(new)
        return [old if line == piece else _quoted(line, like=old) for line in lines if line]

    @property
    def _is_one_string(self) -> bool:
        return self.document[: self.pieces[0].start - 1].rstrip().endswith(":")

    def _between(self) -> list[str]:
        """What parts the strings of the list; with one string, what would part it from a second."""
        parts = [self.document[a.end + 1 : b.start - 1] for a, b in pairwise(self.pieces)]
        before = self.document[: self.pieces[0].start - 1]
        return parts or [f",{before[len(before.rstrip()) :]}"]

    def _from(self, first: Placed, last: Placed) -> str:
        return self.document[first.start - 1 : last.end + 1]

    def _shares(self, edits: Sequence[Edit]) -> Iterator[str]:
        """Each string after the edits. What is put between two belongs to the second."""
        ends = list(accumulate(map(len, self.pieces)))
        for start, end in pairwise([0, *ends]):
            new, at = "", start
            for edit in edits:
                if start <= edit.start < end or edit.start == end == ends[-1]:
                    new += self.text[at : edit.start] + edit.replacement
                    at = min(edit.end, end)
                elif edit.start < start:
                    at = max(at, min(edit.end, end))
            yield new + self.text[at:end]


def _within(source: Source, index: int, text: str, edit: Edit) -> Edit:
    """An edit in places of the cell's own text, where lines may be longer than what Python reads of them."""
    cell = source.cells[index]
    first = cell.line - 1
    lines, ends = NEWLINE.split(text), [match.span() for match in NEWLINE.finditer(text)]
    starts = [0, *(end for _, end in ends)]

    def place(offset: int, touches: bool) -> int:
        line = bisect_right(source.line_offsets, offset) - 1
        column = offset - source.line_offsets[line]
        if (column or touches) and lines[line - first] != source.lines[line]:
            raise ValueError(f"{source.name}: an edit changes a line that only IPython reads")
        return starts[line - first] + column

    return Edit(place(edit.start, edit.end > edit.start), place(edit.end, False), edit.replacement)


def _parted(source: Source, edit: Edit) -> tuple[int, Edit]:
    """The index of the cell that an edit lies in, and the edit without the newline between two cells."""
    starts = [source.offset(cell.line, 1) for cell in source.cells]
    index = bisect_right(starts, edit.start) - 1
    last = starts[index + 1] - 1 if index + 1 < len(starts) else len(source.text)
    if edit.end == last + 1 and starts[index] < edit.start and source.text[edit.start - 1] == "\n":
        edit = Edit(edit.start - 1, last, edit.replacement)  # a cell's last lines go with the newline before
    if edit.end > last:
        raise ValueError(f"{source.name}: an edit reaches over several cells")
    return index, edit


def _quoted(text: str, like: str) -> str:
    """A string of JSON, with other letters than ASCII written as in the one it replaces."""
    return json.dumps(text, ensure_ascii="\\u" in like)
