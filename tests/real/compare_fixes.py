"""Compares our fix of every real case with the one that its authors made, by the mode flow's answer on both.

    python tests/real/compare_fixes.py [MIRROR] [-v]

Our side is the old file with the best fix of every error and warning of the case's rules at its place, as
`--unproved --unsafe-fixes` writes them where nothing can be run; theirs is the file of the repairing commit.
The answer is, for each function and model, the modes that its forwards can have, and for each fault that no
mode switches (MR2xx, MR3xx) whether it is still there. Equal: both give the same answer wherever either of
them changed the answer on the old file. Equal at the place: they do so for the forwards that the case is
about, and one of the two changes another forward as well. With -v our patch is printed.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from lay_out import Case, LayOutError, lay_out, mirror_of, read_cases
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Tools, mend
from modereview.records import Finding, Program, Severity, Source
from modereview.rules import check

Key = tuple[str, ...]
Answer = dict[Key, frozenset[str]]


@dataclass(frozen=True)
class Compared:
    """A case, whether we mend it, and where the two answers differ."""

    case: Case
    patch: str  # ours; "" where nothing is mended
    differences: tuple[str, ...]
    at_the_place: bool  # whether the forwards at the case's own place have the same modes

    @property
    def verdict(self) -> str:
        if not self.patch:
            return "no fix"
        if not self.differences:
            return "equal"
        return "equal at the place" if self.at_the_place else "other"


def look(source: Source) -> tuple[Program, tuple[Finding, ...]]:
    program = analyze(source, parse.read)
    return program, tuple(f for f in check(program) if f.severity is not Severity.NOTE)


def answer(source: Source) -> Answer:
    """What the mode flow says of a file."""
    program, findings = look(source)
    modes: dict[Key, set[str]] = {}
    for forward in program.forwards:
        modes.setdefault((forward.function, forward.model), set()).add(forward.mode.value)
    faults = {(f.rule, f.function): {"there"} for f in findings if f.rule[2] != "1"}
    return {key: frozenset(values) for key, values in {**modes, **faults}.items()}


def mended(case: Case, source: Source) -> Source:
    """The old file with our fixes of the case."""
    program, findings = look(source)
    known = tuple(f if _is_of(case, f) else replace(f, severity=Severity.NOTE) for f in findings)
    tools = Tools(look, run=lambda _: (), unsafe=True, unproved=True)
    return mend(program, known, (), (), tools).source


def _is_of(case: Case, finding: Finding) -> bool:
    place = any(first <= finding.span.line <= last for first, last in case.accept)
    return finding.rule in {case.rule, *case.also} and place


def compare(case: Case, folder: Path) -> Compared:
    old, theirs = (parse.read(case.root(folder, side) / case.path) for side in ("old", "new"))
    ours = mended(case, old)
    before, here, there = (answer(source) for source in (old, ours, theirs))
    common = {key for key in before if key in there or key[0].startswith("MR")}
    changed = {k for k in common if here.get(k) != before.get(k) or there.get(k) != before.get(k)}
    told = (
        f"{'.'.join(k)}: ours {_modes(here.get(k))}, theirs {_modes(there.get(k))}" for k in sorted(changed)
    )
    differences = tuple(
        text for text, k in zip(told, sorted(changed), strict=True) if here.get(k) != there.get(k)
    )
    place = {k for k in changed if k in _keys_at(case, old)}
    same = bool(place) and all(here.get(k) == there.get(k) for k in place)
    return Compared(case, _patch(old, ours), differences, same)


def _keys_at(case: Case, source: Source) -> set[Key]:
    """What is said of the forwards on the lines that the case accepts."""
    forwards = analyze(source, parse.read).forwards
    lines = [range(first, last + 1) for first, last in case.accept]
    return {(f.function, f.model) for f in forwards if any(f.span.line in span for span in lines)}


def _modes(modes: frozenset[str] | None) -> str:
    return "/".join(sorted(modes)) if modes else "gone"


def _patch(old: Source, new: Source) -> str:
    lines = (s.text.splitlines(keepends=True) for s in (old, new))
    return "".join(list(difflib.unified_diff(*lines, n=2))[2:])


def main() -> None:
    parser = argparse.ArgumentParser(description="our fixes beside those of the authors")
    parser.add_argument("mirror", type=Path, nargs="?", help="default: $MODEREVIEW_MIRROR")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of cases")
    parser.add_argument("-v", "--verbose", action="store_true", help="print our patches")
    arguments = parser.parse_args()
    mirror, counts = mirror_of(arguments.mirror), Counter[str]()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        for case in read_cases():
            if arguments.only and case.number not in arguments.only:
                continue
            try:
                lay_out(case, mirror, folder)
            except LayOutError as error:
                sys.exit(f"{error}")
            compared = compare(case, folder)
            counts[compared.verdict] += 1
            print(f"{case.number:>2} {case.repository:<46} {case.rule}  {compared.verdict}")
            for difference in compared.differences:
                print(f"      {difference}")
            if arguments.verbose:
                print(compared.patch)
    total = sum(counts.values())
    equal = counts["equal"] + counts["equal at the place"]
    print(
        f"{total} cases: {dict(counts)}; equal {counts['equal'] / total:.0%}, at the place {equal / total:.0%}"
    )


if __name__ == "__main__":
    main()
