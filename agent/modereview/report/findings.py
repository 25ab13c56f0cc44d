"""A finding as the terminal shows it: header, code frame, facts, and what became of it."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator

from rich.text import Text

from modereview.records import Finding, Fix, Review, Verdict
from modereview.report.frame import GUTTER, INDENT, STYLES, frame, gutter_width
from modereview.report.options import Options
from modereview.report.tally import is_mended
from modereview.report.words import listed, printable

CASES_SHOWN = 2


def block(review: Review, verdict: Verdict, options: Options) -> list[Text]:
    """All rows of one finding."""
    finding = verdict.finding
    rows = [_header(review, finding), *frame(review.source, finding, options.width)]
    indent = " " * (INDENT + gutter_width(review.source, finding) + 1)
    lines = [("", fact) for fact in finding.facts]
    lines += _proof(verdict, None if options.verbose else CASES_SHOWN)
    lines += _fate(review, verdict)
    return rows + [_line(indent, label, text) for label, text in lines]


def _header(review: Review, finding: Finding) -> Text:
    """`train.py:71:9  error MR102 trains-in-eval-mode: message`."""
    place = f"{review.source.label(finding.span.line)}:{finding.span.column}"
    return Text.assemble(
        (printable(f"{finding.source_name}:{place}"), "bold"),
        "  ",
        (f"{finding.severity.value} {finding.rule}", STYLES[finding.severity]),
        f" {finding.name}: ",
        (printable(finding.message), "bold"),
    )


def _line(indent: str, label: str, text: str) -> Text:
    style = "bold green" if label in ("proved", "fixed") else "bold"
    lead = (f"{label}: ", style) if label else ("", "")
    return Text.assemble((f"{indent}= ", GUTTER), lead, printable(text))


def _proof(verdict: Verdict, limit: int | None) -> Iterator[tuple[str, str]]:
    """What the tests showed. "proved" is said of what `verify` proved, of nothing else."""
    if not verdict.proved_by:
        return
    cases = listed(verdict.proved_by, limit)
    passes, fails = ("passes", "fails") if len(verdict.proved_by) == 1 else ("pass", "fail")
    if verdict.state == "fixed":
        yield "proved", f"{cases} failed before the fix, {passes} after it"
    elif verdict.state == "proved":
        yield "proved", f"{cases} {fails} on this code"
    else:
        yield "", f"{cases} {fails} on this code"


def _fate(review: Review, verdict: Verdict) -> Iterator[tuple[str, str]]:
    """What was done about it, or why nothing was."""
    fix, reason = verdict.fix, verdict.reason
    if fix is None:
        if reason and not review.static:
            yield ("not fixed" if verdict.state == "proved" else "not proved"), reason
        return
    safety = "safe" if fix.safe else "unsafe"
    if is_mended(review, verdict):
        yield "fixed", f"{_where(review, fix)} ({safety})"
    elif verdict.state == "fixed":
        yield "fix", f"{_where(review, fix)} ({safety}, not written)"
    elif verdict.state == "unproved":
        done = "written" if review.source.path in review.written else "not written"
        yield "unproved", f"{_where(review, fix)} ({safety}, {done}; {reason})"
    else:
        yield "suggested", f"{_where(review, fix)} (not written: {_why_not(review, verdict)})"
    if fix.consequence:
        yield "", fix.consequence


def _where(review: Review, fix: Fix) -> str:
    """What a fix does and where to look for it: by its line, in a notebook by the cell that it changes."""
    source = review.source
    if not source.cells:
        return f"{fix.title}, line {fix.line}"
    cells = [source.cell(bisect(source.line_offsets, edit.start)) for edit in fix.edits]
    numbers = dict.fromkeys(str(cell.number) for cell in cells if cell is not None)
    return f"{fix.title}, cell {listed(tuple(numbers))}"


def _why_not(review: Review, verdict: Verdict) -> str:
    if review.static:
        return "nothing was run"
    if verdict.reason:
        return verdict.reason.rstrip(".")
    return "no test proves it"
