"""Asks a model the `review` question about the real cases, and sets what it finds beside the analysis alone.

    python tests/real/ask.py --model NAME [--first 20] [--record DIR | --replay DIR] [MIRROR]

Both sides of each case are asked about. Found: a claim begins within the lines that the case accepts in the
old file. False alarm: a claim in the repaired file within the lines that these became. No claim is run here:
what a claim is worth with its proof, a review of the file tells.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lay_out import SIDES, Case, LayOutError, lay_out, mirror_of, read_cases
from modereview import parse
from modereview.analyze import analyze
from modereview.llm import Options, connect, secrets
from modereview.llm.agent import pursue
from modereview.llm.meter import Meter
from modereview.llm.prompts import Prompts
from modereview.records import Finding, Remark, Suite
from modereview.rules import check
from modereview.write import remarks
from report import moved


@dataclass(frozen=True)
class Asked:
    """One side of a case: what the analysis finds, and what the model adds to it."""

    findings: tuple[Finding, ...]
    remarks: tuple[Remark, ...]

    def lines(self, case: Case) -> tuple[list[int], list[int]]:
        """Where the analysis alone, and where the model, says that something is wrong."""
        names = (case.rule, *case.also)
        disputed = {(r.line, r.disputes) for r in self.remarks if r.disputes}
        alone = [f.span.line for f in self.findings if f.rule in names]
        agreed = [f.span.line for f in self.findings if f.rule in names and _key(f) not in disputed]
        return alone, agreed + [r.line for r in self.remarks if not r.disputes]


def _key(finding: Finding) -> tuple[int, str]:
    return finding.span.line, finding.rule


def ask(path: Path, meter: Meter, limit: int) -> Asked:
    """The question about one file, after the analysis."""
    program = analyze(parse.read(path), parse.read)
    findings = check(program)
    chain = remarks.chain(program, findings, Suite(path, "", ()), (), Prompts(), limit)
    return Asked(findings, asyncio.run(pursue([chain], meter.ask)).kept)


def row(case: Case, folder: Path, meter: Meter, limit: int) -> tuple[str, list[bool]]:
    """A line of the table, and (found alone, found with the model, alarm alone, alarm with the model)."""
    old, new = (case.root(folder, side) / case.path for side in SIDES)
    before, after = ask(old, meter, limit), ask(new, meter, limit)
    became = moved(old, new, case.accept)
    marks = [
        *(_within(lines, case.accept) for lines in before.lines(case)),
        *(_within(lines, became) for lines in after.lines(case)),
    ]
    words = ["found" if mark else "missed" for mark in marks[:2]] + [
        "alarm" if mark else "silent" for mark in marks[2:]
    ]
    return f"{case.number:>3} {case.repository:<44} {case.rule}  " + "  ".join(
        f"{w:<6}" for w in words
    ), marks


def _within(lines: list[int], ranges: object) -> bool:
    return any(a <= line <= b for line in lines for a, b in ranges)  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description="the review question on the real cases")
    parser.add_argument("mirror", type=Path, nargs="?", help="default: $MODEREVIEW_MIRROR")
    parser.add_argument("--model")
    parser.add_argument("--first", type=int, default=20, metavar="N", help="cases to ask about (default: 20)")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for an answer")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--replay", type=Path)
    given = parser.parse_args()
    options = Options(timeout=given.timeout, record=given.record, replay=given.replay)
    model = connect(given.model, False, os.environ, options)
    if model is None:
        sys.exit("Name a model with --model, or recorded answers with --replay.")
    meter = Meter(model, secrets=secrets(os.environ))
    print(f"{'':>3} {'repository':<44} rule   alone   model   alone   model")
    totals = [0, 0, 0, 0]
    with tempfile.TemporaryDirectory() as temporary:
        folder, mirror = Path(temporary).resolve(), mirror_of(given.mirror)
        for case in read_cases()[: given.first]:
            try:
                lay_out(case, mirror, folder)
            except LayOutError as error:
                sys.exit(f"{error}")
            text, marks = row(case, folder, meter, options.context_tokens)
            totals = [total + mark for total, mark in zip(totals, marks, strict=True)]
            print(text, flush=True)
    usage = meter.usage
    print(
        f"found: {totals[0]} alone, {totals[1]} with the model; "
        f"alarm after the repair: {totals[2]} alone, {totals[3]} with the model; "
        f"{usage.calls} calls, {usage.tokens} tokens. {usage.error}"
    )


if __name__ == "__main__":
    main()
