"""The user's file: its text, places in it, and edits of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst


@dataclass(frozen=True, order=True)
class Span:
    """A half-open stretch of `Source.code`; 1-based lines and code-point columns, the end excluded."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class Cell:
    """A code cell of a notebook, and where its lines went."""

    number: int  # counted from the top of the notebook, text cells included
    line: int  # the line of `Source.code` that its first line is
    raw_lines: tuple[int, ...]  # for each of its lines, the line of the .ipynb file that holds it


@dataclass(frozen=True)
class Source:
    """A user's file, byte for byte, and the one text that all positions refer to.

    `text` is `raw` decoded, with its newlines and form feeds. `code` is what the parsers see: newlines
    are single line feeds, form feeds at the start of a line are gone. `offset` leads from a position in
    `code` back to an index in `text`, so that edits leave every other byte as it was.

    Of a notebook, `text` is the code of its cells, one after the other, and not what `raw` holds.
    """

    path: Path
    root: Path  # the project: the nearest folder up with pyproject.toml or .git, else the file's own
    raw: bytes
    encoding: str  # a codec name; "utf-8-sig" where the file starts with a BOM
    text: str
    code: str
    newline: str  # the file's own newline, for lines that are added
    line_offsets: tuple[int, ...]  # index in `text` of the first column of each line of `code`
    cells: tuple[Cell, ...] = ()  # of a notebook: its code cells, in order

    @property
    def name(self) -> str:
        """The project-relative path with forward slashes, as reports show it."""
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of `code` without their newlines."""
        return tuple(self.code.split("\n"))

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree that the analysis is lowered from."""
        return ast.parse(self.code)

    @cached_property
    def module(self) -> libcst.Module:
        """The concrete tree that every edit goes through. Parsed when first asked for: it is slow."""
        import libcst

        return libcst.parse_module(self.code)

    def cell(self, line: int) -> Cell | None:
        """The cell that holds a line of `code`; None where the file is no notebook."""
        return next((cell for cell in reversed(self.cells) if cell.line <= line), None)

    def label(self, line: int) -> str:
        """A line of `code` as people count it: "14", or "cell 3:5" in a notebook."""
        cell = self.cell(line)
        return f"cell {cell.number}:{line - cell.line + 1}" if cell else str(line)

    def raw_line(self, line: int) -> int:
        """The line of the file itself that holds a line of `code`. They differ in a notebook."""
        cell = self.cell(line)
        return cell.raw_lines[line - cell.line] if cell else line

    def offset(self, line: int, column: int) -> int:
        """Index in `text` of a 1-based position in `code`."""
        return self.line_offsets[line - 1] + column - 1

    def slice(self, span: Span) -> str:
        """The source text of a span."""
        return self.text[self.offset(span.line, span.column) : self.offset(span.end_line, span.end_column)]


@dataclass(frozen=True, order=True)
class Edit:
    """Replace `text[start:end]` of a Source by `replacement`; indices count code points of `Source.text`."""

    start: int
    end: int
    replacement: str
