"""The code frame under a finding: its evidence as marked source lines, in the order of the file.

 58 |     model.eval()
    |     ------------ switched to EVAL here, in `validate` (called at 74) ...
...
 71 |         output = model(data)
    |                  ^^^^^^^^^^^ ... and still in EVAL here
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text

from modereview.records import Event, Finding, Severity, Source, Span
from modereview.report.layout import CUT, Line, lay_out, window
from modereview.report.words import printable

INDENT = 4  # cells left of the line numbers
GUTTER = "blue"
STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}


@dataclass(frozen=True)
class Mark:
    """A marked stretch of the source. The primary mark is the finding itself."""

    span: Span
    caption: str
    primary: bool


def frame(source: Source, finding: Finding, width: int) -> list[Text]:
    """The rows of a finding's frame; source lines are cut at `width` cells."""
    marks = _marks(finding)
    numbers = sorted({mark.span.line for mark in marks})
    gutter = Gutter(gutter_width(source, finding))
    rows = [Text("")]
    for previous, number in pairwise([numbers[0], *numbers]):
        rows += _gap(source, gutter, previous, number, width)
        rows += _line(source, gutter, [mark for mark in marks if mark.span.line == number], finding, width)
    return rows


def gutter_width(source: Source, finding: Finding) -> int:
    """Cells that the longest line number takes."""
    return max(len(source.label(mark.span.line)) for mark in _marks(finding))


@dataclass(frozen=True)
class Gutter:
    """The column of line numbers, `digits` wide."""

    digits: int

    def row(self, label: str, *parts: tuple[str, str]) -> Text:
        """A row with `label` at the right edge of the gutter."""
        return Text.assemble((f"{label:>{INDENT + self.digits}} | ", GUTTER), *parts)

    def gap(self) -> Text:
        """The row that stands for lines left out."""
        return Text(f"{CUT:>{INDENT + self.digits}}", style=GUTTER)


def _marks(finding: Finding) -> list[Mark]:
    """Marks in file order; the finding's own comes last on its line, where the eye goes."""
    captions = _captions(finding.evidence)
    marks = [
        Mark(event.span, caption, _same_place(event.span, finding.span))
        for event, caption in zip(finding.evidence, captions, strict=True)
    ]
    if not any(mark.primary for mark in marks):
        marks.append(Mark(finding.span, "", primary=True))
    return sorted(set(marks), key=lambda mark: (mark.span.line, mark.primary, mark.span.column, mark.caption))


def _captions(evidence: tuple[Event, ...]) -> list[str]:
    """The events' texts, numbered where the chain does not run down the file."""
    told = [event for event in evidence if event.text]
    runs_down = all(before.span.line <= after.span.line for before, after in pairwise(told))
    if runs_down:
        return [printable(event.text) for event in evidence]
    return [f"{told.index(event) + 1}. {printable(event.text)}" if event.text else "" for event in evidence]


def _same_place(one: Span, other: Span) -> bool:
    return (one.line, one.column) == (other.line, other.column)


def _gap(source: Source, gutter: Gutter, previous: int, number: int, width: int) -> list[Text]:
    """What stands between two shown lines: nothing, the one line there is, or a gap."""
    if number - previous < 2:
        return []
    if number - previous > 2:
        return [gutter.gap()]
    line = window(lay_out(source.lines[previous]), 0, width)
    return [gutter.row(source.label(previous + 1), (line.text, ""))]


def _line(source: Source, gutter: Gutter, marks: list[Mark], finding: Finding, width: int) -> list[Text]:
    """A source line and one row for each mark on it; a mark of context alone gets no row."""
    whole = lay_out(source.lines[marks[0].span.line - 1])
    line = window(whole, min(whole.cell(mark.span.column) for mark in marks), width)
    rows = [gutter.row(source.label(marks[0].span.line), (line.text.rstrip(), ""))]
    return rows + [_mark(gutter, line, mark, finding) for mark in marks if mark.caption or mark.primary]


def _mark(gutter: Gutter, line: Line, mark: Mark, finding: Finding) -> Text:
    """The row under a source line. A span of several lines is marked on its first."""
    start = line.cell(mark.span.column)
    end = line.cell(mark.span.end_column) if mark.span.end_line == mark.span.line else line.cells[-1]
    style = STYLES[finding.severity] if mark.primary else GUTTER
    sign = ("^" if mark.primary else "-") * max(end - start, 1)
    return gutter.row("", (" " * start, ""), (f"{sign} {mark.caption}".rstrip(), style))
