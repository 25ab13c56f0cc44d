"""A source line as a terminal shows it, and where each of its columns lands."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from modereview.report.words import printable

TAB = 4  # cells from one tab stop to the next; the file's own width is unknown
LEAD = 12  # cells kept before a mark when the start of a long line is cut
CUT = "..."


@dataclass(frozen=True)
class Line:
    """A line ready to print. `cells[c - 1]` is where the 1-based column `c` starts, in terminal cells."""

    text: str
    cells: tuple[int, ...]  # one more than the line has columns: the last is its end

    def cell(self, column: int) -> int:
        """The cell where a column starts; columns past the end land on the end."""
        return self.cells[min(column, len(self.cells)) - 1]


def lay_out(line: str) -> Line:
    """Expand tabs, write control characters as escapes, and measure wide characters."""
    shown: list[str] = []
    cells = [0]
    for char in line:
        text = " " * (TAB - cells[-1] % TAB) if char == "\t" else printable(char)
        shown.append(text)
        cells.append(cells[-1] + cell_len(text))
    return Line("".join(shown), tuple(cells))


def window(line: Line, start: int, width: int) -> Line:
    """The part of a long line around the cell `start`, at most `width` cells, its cuts marked by `...`.

    Columns that are cut away land on the nearest edge.
    """
    if line.cells[-1] <= width:
        return line
    inner = width - 2 * len(CUT)
    left = 0 if start <= inner - LEAD else start - LEAD
    right = min(left + inner, line.cells[-1])
    before, after = CUT if left else "", CUT if right < line.cells[-1] else ""
    kept, first, last = _between(line.text, left, right)
    cells = tuple(min(max(cell, first), last) - first + len(before) for cell in line.cells)
    return Line(before + kept + after, cells)


def _between(text: str, left: int, right: int) -> tuple[str, int, int]:
    """The characters that lie wholly between two cells, and the cells where they start and end."""
    kept: list[str] = []
    at, first, last = 0, right, left
    for char in text:
        end = at + cell_len(char)
        if left <= at and end <= right:
            kept.append(char)
            first, last = min(first, at), end
        at = end
    return "".join(kept), first, last
