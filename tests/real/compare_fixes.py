"""Compares our fix of every real case with the one that its authors made, by the mode flow's answer on both.

    python tests/real/compare_fixes.py [MIRROR] [-v]

Our side is the old file with the best fix of every error and warning of the case's rules at its place, as
`--unproved --unsafe-fixes` writes them where nothing can be run; theirs is the file of the repairing commit.
Where the case is only a note for us, of a rule that mends its notes, the notes of such rules count as well.
The answer is, for each forward, the modes that it can have, and for each fault that no mode switches (MR2xx,
MR3xx) whether it is still there. A forward is known by its function, its model and its order there.

    equal               both files are the same program, or give the same answer wherever one of the two
                        changed the answer on the old file
    theirs leaves more  equal but for forwards at which an error or a warning is left in their file
    theirs leaves open  equal but for such, and for forwards whose mode only ours decides
    at the place        equal for the forwards that the case is about, and another one differs
    nothing to compare  neither changes an answer
    other, no fix       as they say

With -v our patch is printed.
"""

from __future__ import annotations

import argparse
import ast
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lay_out import Case, laid_out, mirror_of
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Tools, mend
from modereview.records import Finding, Forward, Mode, Program, Severity, Source, Span
from modereview.rules import check, rule

Key = tuple[str, ...]
Answer = dict[Key, frozenset[str]]


@dataclass(frozen=True)
class Compared:
    """A case, whether we mend it, and where the two answers differ."""

    case: Case
    patch: str  # ours; "" where nothing is mended
    differences: tuple[str, ...]
    verdict: str


def look(source: Source, *, notes: bool = False) -> tuple[Program, tuple[Finding, ...]]:
    """What is found in a file: errors and warnings, with `notes` also those that are mended."""
    program = analyze(source, parse.read)
    return program, tuple(f for f in check(program) if _is_loud(f) or (notes and rule(f.rule).mends(f)))


def _is_loud(finding: Finding) -> bool:
    return finding.severity is not Severity.NOTE


def answer(source: Source, *, notes: bool) -> tuple[Answer, frozenset[Key]]:
    """What the mode flow says of a file, and the forwards with an error or a warning."""
    program, findings = look(source, notes=notes)
    modes: dict[Key, set[str]] = {}
    for forward, key in _keys(program):
        modes.setdefault(key, set()).add(forward.mode.value)
    faults = {(f.rule, f.function): {"there"} for f in findings if f.rule[2] != "1"}
    loud = {f.span for f in filter(_is_loud, findings)}
    left = frozenset(key for forward, key in _keys(program) if forward.span in loud)
    return {key: frozenset(values) for key, values in {**modes, **faults}.items()}, left


def _keys(program: Program) -> Iterator[tuple[Forward, Key]]:
    """Each forward, and what it is known by in both versions of a file."""
    spans: dict[Key, set[Span]] = {}
    for forward in program.forwards:
        spans.setdefault((forward.function, forward.model), set()).add(forward.span)
    for forward in program.forwards:
        key = forward.function, forward.model
        yield forward, (*key, str(sorted(spans[key]).index(forward.span) + 1))


def mended(case: Case, source: Source, *, notes: bool) -> Source:
    """The old file with our fixes of the case."""
    program, findings = look(source, notes=notes)
    known = tuple(f if _is_of(case, f) else replace(f, severity=Severity.NOTE) for f in findings)
    tools = Tools(partial(look, notes=notes), run=lambda _: (), unsafe=True, unproved=True)
    return mend(program, known, (), (), tools).source


def _is_of(case: Case, finding: Finding) -> bool:
    place = any(first <= finding.span.line <= last for first, last in case.accept)
    return finding.rule in {case.rule, *case.also} and place


def compare(case: Case, folder: Path) -> Compared:
    old, theirs = (parse.read(case.root(folder, side) / case.path) for side in ("old", "new"))
    notes = not any(_is_of(case, f) for f in look(old)[1])
    ours = mended(case, old, notes=notes)
    (before, _), (here, loud), (there, left) = (answer(s, notes=notes) for s in (old, ours, theirs))
    common = {key for key in before if key in there or key[0].startswith("MR")}
    changed = {k for k in common if here.get(k) != before.get(k) or there.get(k) != before.get(k)}
    differing = {k for k in changed if here.get(k) != there.get(k)}
    differences = tuple(
        f"{'.'.join(k)}: ours {_modes(here.get(k))}, theirs {_modes(there.get(k))}" for k in sorted(differing)
    )
    if ours.raw == old.raw:
        verdict = "no fix"
    elif not differing:
        same = ast.dump(ours.tree) == ast.dump(theirs.tree)
        verdict = "equal" if changed or same else "nothing to compare"
    elif differing <= left:
        verdict = "theirs leaves more"
    elif all(
        k in left or (_open(there.get(k)) and not _open(here.get(k)) and k not in loud) for k in differing
    ):
        verdict = "theirs leaves open"
    else:
        place = changed & _keys_at(case, old)
        verdict = "at the place" if place and not place & differing else "other"
    return Compared(case, _patch(old, ours), differences, verdict)


def _open(modes: frozenset[str] | None) -> bool:
    """Whether nothing in view decides the mode."""
    return modes == {Mode.UNKNOWN.value}


def _keys_at(case: Case, source: Source) -> set[Key]:
    """What is said of the forwards on the lines that the case accepts."""
    lines = [range(first, last + 1) for first, last in case.accept]
    pairs = _keys(analyze(source, parse.read))
    return {key for forward, key in pairs if any(forward.span.line in span for span in lines)}


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
    for case, folder in laid_out(mirror, arguments.only):
        compared = compare(case, folder)
        counts[compared.verdict] += 1
        print(f"{case.number:>2} {case.repository:<46} {case.rule}  {compared.verdict}")
        for difference in compared.differences:
            print(f"      {difference}")
        if arguments.verbose:
            print(compared.patch)
    total = sum(counts.values())
    as_good = counts["equal"] + counts["theirs leaves more"] + counts["theirs leaves open"]
    shares = f"equal {counts['equal'] / total:.0%}, with what theirs leaves {as_good / total:.0%}"
    print(f"{total} cases: {dict(counts)}; {shares}")


if __name__ == "__main__":
    main()
