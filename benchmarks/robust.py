"""The static review of every Python file of packages and folders: none may crash, hang or point outside.

    python benchmarks/robust.py torchvision timm==1.0.31 .venv/lib/python3.11/site-packages/torch

Packages come from the registry and are only unpacked. Each file is reviewed as `modereview --static` would
review it, whether it imports torch or not, and each report is rendered in every format. Prints a line for
each folder and a table of findings by rule; exit 1 where something went wrong, with the files.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from modereview.parse import find_root
from modereview.records import Review, Span
from modereview.report import formats, render
from modereview.scan.answer import Task, answer
from modereview.scan.files import SECONDS
from modereview.scan.pool import Lost, cores, each
from packages import lay_out, sources


@dataclass(frozen=True)
class Looked:
    """What came of one file."""

    findings: tuple[tuple[str, str], ...] = ()  # (rule, severity)
    refused: str = ""
    gave_up: bool = False
    wrong: tuple[str, ...] = ()  # faults of ours


@dataclass
class Total:
    """Figures of one folder."""

    name: str
    files: int = 0
    refused: int = 0
    gave_up: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0  # the most that one process had held so far
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.files} files, {self.seconds:.0f} s, {self.megabytes:.0f} MB; "
            f"{sum(self.findings.values())} findings, {self.refused} no Python 3 that we read, "
            f"{self.gave_up} not followed to the end, {len(self.wrong)} wrong"
        )


def main() -> None:
    """Review, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("places", nargs="+", help="folders, or packages of the registry")
    parser.add_argument("--work", type=Path, help="a folder to keep what is downloaded in")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = given.work or Path(temporary)
        totals = [_reviewed(place, work) for place in given.places]
    print(*_table(totals), sep="\n")
    wrong = [sentence for total in totals for sentence in total.wrong]
    print(*wrong, f"{sum(t.files for t in totals)} files, {len(wrong)} wrong", sep="\n")
    sys.exit(1 if wrong else 0)


def _reviewed(place: str, work: Path) -> Total:
    folder = Path(place).resolve() if Path(place).is_dir() else lay_out(place, work)
    files, began = sources(folder), time.monotonic()
    total = Total(folder.name, len(files))
    tasks = [Task(path, find_root(path), (), ()) for path in files]
    for index, looked in each(look, tasks, SECONDS, cores()):
        if isinstance(looked, Lost):
            looked = Looked(wrong=(looked.why,))
        total.refused += bool(looked.refused)
        total.gave_up += looked.gave_up
        total.findings.update(looked.findings)
        total.wrong += [f"{files[index]}: {sentence}" for sentence in looked.wrong]
    total.seconds = time.monotonic() - began
    total.megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(total, flush=True)
    return total


def look(task: Task) -> Looked:
    """One file; raises nothing, so that a fault has its file."""
    try:
        made = answer(task)
        if made.review is None:
            return Looked(refused=made.refused)
        review = made.review
        for form in formats():
            render(form, [review])
        found = tuple((f.rule, f.severity.value) for f in review.findings)
        wrong = (*review.internal_errors, *_outside(review))
        return Looked(found, gave_up=bool(review.not_run), wrong=wrong)
    except Exception as error:
        return Looked(wrong=(f"{type(error).__name__}: {error}",))


def _outside(review: Review) -> Iterator[str]:
    """Findings, or evidence of them, at places that the file does not have."""
    for finding in review.findings:
        for span in (finding.span, *(event.span for event in finding.evidence)):
            if not _is_inside(span, review.source.lines):
                yield f"{finding.rule} points outside, at {span}"


def _is_inside(span: Span, lines: Sequence[str]) -> bool:
    in_order = (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column)
    return (
        in_order
        and span.end_line <= len(lines)
        and span.column <= len(lines[span.line - 1]) + 1
        and span.end_column <= len(lines[span.end_line - 1]) + 1
    )


def _table(totals: Sequence[Total]) -> Iterator[str]:
    """Findings of each rule in each place: errors and warnings, then notes in brackets."""
    yield f"| | {' | '.join(total.name for total in totals)} |"
    yield f"| --- {'| ---: ' * len(totals)}|"
    yield f"| files | {' | '.join(str(total.files) for total in totals)} |"
    for rule in sorted({rule for total in totals for rule, _ in total.findings}):
        yield f"| {rule} | {' | '.join(_cell(total, rule) for total in totals)} |"
    yield f"| seconds | {' | '.join(f'{total.seconds:.0f}' for total in totals)} |"
    yield f"| MB a process, at most | {' | '.join(f'{total.megabytes:.0f}' for total in totals)} |"


def _cell(total: Total, rule: str) -> str:
    loud = total.findings[rule, "error"] + total.findings[rule, "warning"]
    notes = total.findings[rule, "note"]
    return (f"{loud}" if loud or not notes else "") + (f" ({notes})" if notes else "")


if __name__ == "__main__":
    main()
