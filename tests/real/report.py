"""Prints, for every real case, whether the fault is found in the old file and gone in the new one.

    python tests/real/report.py [MIRROR] [--cases tests/real/fresh.toml]

Found: a finding of the case's rule begins within the lines that the case accepts, whatever its severity.
Silent: none does within the lines that these became in the repaired file.
"""

from __future__ import annotations

import argparse
import difflib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lay_out import CASES, SIDES, Case, LayOutError, lay_out, mirror_of, read_cases
from modereview.rules import rules

Ranges = Iterable[tuple[int, int]]


@dataclass(frozen=True)
class Found:
    """A finding, as far as it matters here."""

    rule: str
    line: int
    severity: str


@dataclass(frozen=True)
class Result:
    """A case's outcome: the severity that it was found with ("" = not found), and what was left over."""

    case: Case
    severity: str
    silent: bool
    reason: str


def findings(files: list[Path]) -> dict[Path, list[Found]]:
    """What `modereview --static` reports of each file; a file that it refuses is not among the keys."""
    command = [sys.executable, "-m", "modereview", "--static", "--format", "json", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.stdout.strip():
        sys.exit(f"modereview ended with {done.returncode}:\n{done.stderr}")
    return {
        Path(entry["root"], entry["path"]): [
            Found(f["rule"], f["span"]["line"], f["severity"]) for f in entry["findings"]
        ]
        for entry in json.loads(done.stdout)["files"]
    }


def at(found: list[Found], names: tuple[str, ...], ranges: Ranges) -> list[Found]:
    """The findings of these rules (of any rule, if none is named) that begin within the ranges."""
    spans = tuple(ranges)
    return [f for f in found if (not names or f.rule in names) and any(a <= f.line <= b for a, b in spans)]


def moved(old: Path, new: Path, ranges: Ranges) -> list[tuple[int, int]]:
    """What ranges of lines of the old file became in the new one; what was deleted is left out."""
    a, b = (path.read_text(encoding="utf-8", errors="replace").splitlines() for path in (old, new))
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    spans = (_moved(blocks, first - 1, last) for first, last in ranges)
    return [(start + 1, end) for start, end in spans if start < end]


def _moved(blocks: Sequence[tuple[str, int, int, int, int]], first: int, last: int) -> tuple[int, int]:
    """Half-open lines of the new file, from 0, for half-open lines of the old one."""
    touched = [
        (j1 + max(first - i1, 0), j2 - max(i2 - last, 0)) if tag == "equal" else (j1, j2)
        for tag, i1, i2, j1, j2 in blocks
        if i1 < last and i2 > first
    ]
    return min(start for start, _ in touched), max(end for _, end in touched)


def judge(case: Case, folder: Path, reported: dict[Path, list[Found]]) -> Result:
    """Compare what was reported of both sides with what the case expects."""
    old, new = (case.root(folder, side) / case.path for side in SIDES)
    if old not in reported or new not in reported:
        return Result(case, "", False, "modereview refuses the file")
    names = (case.rule, *case.also)
    hits = at(reported[old], names, case.accept)
    left = at(reported[new], names, moved(old, new, case.accept))
    reasons = [] if hits else [why_missed(case, reported[old])]
    reasons += [f"{f.rule} still in the new file at {f.line} ({f.severity})" for f in left]
    return Result(case, hits[0].severity if hits else "", not left, "; ".join(reasons))


def why_missed(case: Case, found: list[Found]) -> str:
    """What there is in place of the expected finding."""
    if case.rule not in {rule.id for rule in rules()}:
        return f"{case.rule} is not built"
    others = at(found, (), case.accept)
    if others:
        return f"{others[0].rule} at the place instead ({others[0].severity})"
    elsewhere = [f.line for f in found if f.rule == case.rule]
    return f"{case.rule} only at {', '.join(map(str, elsewhere))}" if elsewhere else "nothing found there"


def table(results: list[Result]) -> str:
    """One line a case, then the totals: both sides right, by rule, by scope, in all."""
    rows = [
        f"{r.case.number:>3} {r.case.repository:<46} {r.case.rule} {r.case.scope:<8}"
        f"{r.severity or 'MISSED':<9}{'silent' if r.silent else 'LEFT':<8}{r.reason}".rstrip()
        for r in results
    ]
    head = f"{'':>3} {'repository':<46} rule  {'scope':<8}{'old':<9}{'new':<8}reason"
    by_rule = [total(rule, [r for r in results if r.case.rule == rule]) for rule in _rules(results)]
    by_scope = [total(s, [r for r in results if r.case.scope == s]) for s in ("file", "project")]
    return "\n".join([head, *rows, "", *by_rule, "", *by_scope, total("all", results)])


def _rules(results: list[Result]) -> list[str]:
    return sorted({r.case.rule for r in results})


def total(name: str, results: list[Result]) -> str:
    """How many of some cases are found, silent, and both."""
    found = sum(bool(r.severity) for r in results)
    silent = sum(r.silent for r in results)
    both = sum(bool(r.severity) and r.silent for r in results)
    share = f"{both / len(results):.0%}" if results else "-"
    return f"{name:<8}{len(results):>3} cases: {found} found, {silent} silent after, {both} both ({share})"


def main() -> None:
    parser = argparse.ArgumentParser(description="how the real cases fare")
    parser.add_argument("mirror", type=Path, nargs="?", help="default: $MODEREVIEW_MIRROR")
    parser.add_argument("--cases", type=Path, default=CASES, help="default: cases.toml beside this")
    arguments = parser.parse_args()
    mirror = mirror_of(arguments.mirror)
    with tempfile.TemporaryDirectory() as temporary:
        folder, cases = Path(temporary).resolve(), read_cases(arguments.cases)
        try:
            for case in cases:
                lay_out(case, mirror, folder)
        except LayOutError as error:
            sys.exit(f"{error}")
        reported = findings([case.root(folder, side) / case.path for case in cases for side in SIDES])
        print(table([judge(case, folder, reported) for case in cases]))


if __name__ == "__main__":
    main()
