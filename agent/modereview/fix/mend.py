"""The fix loop: try the best fix of each finding, keep what is proved.

Each finding is mended in the file as it is by then, so fixes compose. A fix has to hold twice: the analysis
must no longer find the fault and nothing new, and a test that was red must turn green with all others as
before. Faults that only together turn a test green are tried together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from modereview.fix.attempt import Attempt, Now, Tools, as_the_user_has_it, candidates, current, suggestions
from modereview.records import Case, Finding, Fix, Outcome, Program, Severity, Source, Status, Verdict
from modereview.verify import Comparison, compare, proved_fix, red, unconfirmed, unproved_fix, without_fix


@dataclass(frozen=True)
class Mended:
    """The file with all proved fixes, and what became of each finding."""

    source: Source
    program: Program
    verdicts: tuple[Verdict, ...]
    outcomes: tuple[Outcome, ...]  # of the suite on `source`


@dataclass(frozen=True)
class _Clash:
    """A fix that would be proved, and takes back the proof of one that was kept."""

    finding: Finding
    other: Finding
    better: bool  # whether more tests prove it than the other


def mend(
    program: Program,
    findings: tuple[Finding, ...],
    outcomes: tuple[Outcome, ...],
    cases: Sequence[Case],
    tools: Tools,
    known: tuple[Finding, ...] = (),
) -> Mended:
    """Mend what can be proved. `outcomes` are those of the cases on the file as it is.

    `known`: findings that are there as well, and are not to be mended now.
    """
    there = (*findings, *known)
    start = Now(program.source, program.source, program, there, outcomes, first=there)
    order, clashes = list(findings), dict[str, _Clash]()
    while True:
        now, verdicts, clash = _one_by_one(start, order, tools)
        if clash is None or clash.finding.fingerprint in clashes:
            break
        clashes[clash.finding.fingerprint] = clash
        if not clash.better:
            break
        order = [clash.finding, *(f for f in order if f is not clash.finding)]
    waiting = [f for f in order if f.fingerprint not in verdicts]
    if len(waiting) > 1:
        now, together = _mend_together(now, waiting, tools)
        verdicts |= together
    for finding in waiting:
        if finding.fingerprint not in verdicts:
            now, verdicts[finding.fingerprint] = _without_proof(now, finding, cases, tools, clashes)
    return Mended(now.source, now.program, tuple(verdicts[f.fingerprint] for f in findings), now.outcomes)


def suggest(program: Program, findings: tuple[Finding, ...], tools: Tools) -> Iterator[Verdict]:
    """What is offered for errors and warnings where nothing is run, one by one: a caller may stop."""
    least = replace(tools, notes=False)  # what nothing proves changes no more than it must
    now = Now(program.source, program.source, program, findings, (), first=findings)
    for finding in (f for f in findings if f.severity is not Severity.NOTE):
        yield _without_proof(now, finding, (), least, {})[1]


def taken_back(mended: Mended, program: Program, outcomes: tuple[Outcome, ...]) -> Mended:
    """Nothing mended after all: pytest bears not every proof out, and fixes build on each other."""
    verdicts = tuple(unconfirmed(v) if v.state in ("fixed", "unproved") else v for v in mended.verdicts)
    return Mended(program.source, program, verdicts, outcomes)


def _one_by_one(
    now: Now, order: Sequence[Finding], tools: Tools
) -> tuple[Now, dict[str, Verdict], _Clash | None]:
    """Each finding in turn, and the first two whose fixes contradict each other."""
    start, verdicts, clash = now, dict[str, Verdict](), None
    for finding in order:
        after, verdict, spoiled = _mend_one(now, finding, tools)
        if verdict is not None:
            now, verdicts[finding.fingerprint] = after, verdict
        elif spoiled and clash is None:
            clash = _clash(start, now, finding, spoiled, tools)
    return now, verdicts, clash


def _mend_one(now: Now, finding: Finding, tools: Tools) -> tuple[Now, Verdict | None, frozenset[str]]:
    """The first candidate that is proved; None where none is, with the cases that one turned red again."""
    here = current(now, finding)
    if here is None and now.kept:  # an earlier fix mended this one, too
        return now, replace(now.kept[-1], finding=finding), frozenset()
    if here is None or not red(now.outcomes):
        return now, None, _spoiled_by_any(now, here, tools)
    spoiled: frozenset[str] = frozenset()
    for attempt, fix in candidates(now, here, tools):
        after = replace(attempt, outcomes=tools.run(attempt.source))
        comparison = compare(now.outcomes, after.outcomes)
        if comparison.proves:
            verdict = _verdict(now, finding, fix, comparison)
            return replace(after, kept=(*now.kept, verdict)), verdict, frozenset()
        spoiled |= set(comparison.spoiled)
    return now, None, spoiled


def _spoiled_by_any(now: Now, here: Finding | None, tools: Tools) -> frozenset[str]:
    """What the best fix would turn red although nothing is red any more: a contradiction with one kept."""
    attempt = next(candidates(now, here, tools), None) if here is not None and now.kept else None
    if attempt is None:
        return frozenset()
    return frozenset(compare(now.outcomes, tools.run(attempt[0].source)).spoiled)


def _clash(start: Now, now: Now, finding: Finding, spoiled: frozenset[str], tools: Tools) -> _Clash | None:
    """Whether the fix of a finding, alone on the file as it was, proves what a kept one takes away."""
    against = next((v for v in now.kept if spoiled & set(v.proved_by)), None)
    if against is None:
        return None
    _, alone, _ = _mend_one(start, finding, tools)
    proved = len(alone.proved_by) if alone else 0
    return _Clash(finding, against.finding, proved > len(against.proved_by))


def _verdict(now: Now, finding: Finding, fix: Fix, comparison: Comparison) -> Verdict:
    return proved_fix(finding, as_the_user_has_it(now, finding, fix), comparison)


def _mend_together(now: Now, waiting: list[Finding], tools: Tools) -> tuple[Now, dict[str, Verdict]]:
    """All at once, then without each in turn: kept are those that the proof needs."""
    needed = waiting
    whole, fixes = _all_of(now, needed, tools)
    goal = compare(now.outcomes, whole.outcomes)
    if len(fixes) < 2 or not goal.proves:
        return now, {}
    for finding in waiting:
        fewer = [f for f in needed if f is not finding]
        without, _ = _all_of(now, fewer, tools)
        if set(compare(now.outcomes, without.outcomes).turned) >= set(goal.turned):
            needed = fewer
    whole, fixes = _all_of(now, needed, tools)
    comparison = compare(now.outcomes, whole.outcomes)
    return whole, {f.fingerprint: _verdict(now, f, fix, comparison) for f, fix in fixes}


def _all_of(now: Now, findings: Sequence[Finding], tools: Tools) -> tuple[Now, list[tuple[Finding, Fix]]]:
    fixes = []
    after = now
    for finding in findings:
        here = current(after, finding)
        candidate = next(candidates(after, here, tools), None) if here else None
        if candidate:
            after, fix = candidate
            fixes.append((finding, fix))
    return replace(after, outcomes=tools.run(after.source)), fixes


def _without_proof(
    now: Now, finding: Finding, cases: Sequence[Case], tools: Tools, clashes: dict[str, _Clash]
) -> tuple[Now, Verdict]:
    """What is said of a finding that no proof mends, and the file with its fix where that is asked for."""
    by_name = {
        name: case for case in cases for name in (case.name, *(f"{case.name}[{t}]" for t in case.targets))
    }
    looked = [o for o in now.outcomes if o.case in by_name and finding.rule in by_name[o.case].proves]
    shown = red(looked)
    here = current(now, finding)
    if here is None and now.kept:  # an earlier fix mended this one, too
        return now, replace(now.kept[-1], finding=finding)
    best = next(suggestions(now, here, tools), None) if here else None
    if best is None:
        quiet = finding.severity is Severity.NOTE
        return now, without_fix(finding, shown, None, "" if quiet else "no automatic fix")
    fix, reason = as_the_user_has_it(now, finding, best[1]), _why_not(best[1], looked, tools)
    against = next((c for c in clashes.values() if finding in (c.finding, c.other)), None)
    if against is not None:
        other = against.other if finding is against.finding else against.finding
        reason = f"it contradicts the fix of {other.rule} at line {other.span.line}, which is better proved"
    elif tools.unproved and tools.fix and (fix.safe or tools.unsafe):
        after = _spoils_nothing(now, best, tools)
        if after is not None:
            verdict = unproved_fix(finding, fix, shown, reason)
            return replace(after, kept=(*now.kept, verdict)), verdict
    return now, without_fix(finding, shown, fix, reason)


def _why_not(fix: Fix, looked: Sequence[Outcome], tools: Tools) -> str:
    """`looked`: what the tests that are about its fault said of the file without it."""
    if not tools.fix:
        return "--no-fix"
    if not fix.safe and not tools.unsafe:
        return "changes more than the mode: --unsafe-fixes writes it"
    if fix.finding.unsettled:
        return "it is right only if nobody out of view sees to it"
    if fix.finding.severity is Severity.NOTE:
        return "it changes no number that a test could see"
    if red(looked):
        return "no test turned green with it"
    ran = any(outcome.status is Status.PASSED for outcome in looked)
    return "no test that ran shows the fault" if ran else "no test could be run that shows the fault"


def _spoils_nothing(now: Now, attempt: Attempt, tools: Tools) -> Now | None:
    """The file with a fix that turns nothing green and leaves every test as it was; else None."""
    after = replace(attempt[0], outcomes=tools.run(attempt[0].source))
    return None if compare(now.outcomes, after.outcomes).spoiled else after
