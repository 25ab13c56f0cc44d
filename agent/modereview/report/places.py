"""Where a finding lies, as the hosts of code count: in the file itself, from the repository's folder."""

from __future__ import annotations

from modereview.records import Review, Span
from modereview.report.options import Options


def path_of(review: Review, options: Options) -> str:
    """The file's path from the folder that the host counts from; from its project where that is elsewhere."""
    path, base = review.source.path, options.base
    return path.relative_to(base).as_posix() if base and path.is_relative_to(base) else review.source.name


def lines_in_file(review: Review, span: Span) -> tuple[int, int]:
    """The first and last line of a span in the file itself: of a notebook, lines of the .ipynb."""
    return review.source.raw_line(span.line), review.source.raw_line(span.end_line)


def in_cell(review: Review, span: Span) -> str:
    """Words that say where in a notebook a finding lies: "cell 3, line 5: "; none for a script."""
    cell = review.source.cell(span.line)
    return f"cell {cell.number}, line {span.line - cell.line + 1}: " if cell else ""
