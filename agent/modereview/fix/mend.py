"""The fix loop: try the best fix of each finding, keep what is proved.

Each finding is mended in the file as it is by then, so fixes compose. A fix has to hold twice: the analysis
must no longer find the fault and nothing new, and a test that was red must turn green with all others as
before. Faults that only together turn a test green are tried together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from modereview import parse
from modereview.fix.compose import compose, moved, moved_back
from modereview.records import Case, Edit, Finding, Fix, Outcome, Program, Severity, Source, Verdict
from modereview.rules import rule
from modereview.verify import Comparison, compare, proved_fix, red, without_fix

_FOLLOW_UPS = 3  # further fixes that one fix may need: an `eval()` that now wants a `train()`


@dataclass(frozen=True)
class Tools:
    """What the corridor hands to the loop."""

    look: Callable[[Source], tuple[Program, tuple[Finding, ...]]]  # analysis and rules
    run: Callable[[Source], tuple[Outcome, ...]]  # the suite on a version of the file, in the sandbox
    fix: bool = True  # whether anything may be mended at all
    unsafe: bool = False  # whether unsafe fixes may be written


@dataclass(frozen=True)
class Mended:
    """The file with all proved fixes, and what became of each finding."""

    source: Source
    program: Program
    verdicts: tuple[Verdict, ...]
    outcomes: tuple[Outcome, ...]  # of the suite on `source`


@dataclass(frozen=True)
class _Now:
    """The file as mended so far."""

    original: Source
    source: Source
    program: Program
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    edits: tuple[tuple[Edit, ...], ...] = ()  # of each fix that was kept, each in the text it met
    kept: tuple[Verdict, ...] = ()


def mend(
    program: Program,
    findings: tuple[Finding, ...],
    outcomes: tuple[Outcome, ...],
    cases: Sequence[Case],
    tools: Tools,
) -> Mended:
    """Mend what can be proved. `outcomes` are those of the cases on the file as it is."""
    now = _Now(program.source, program.source, program, findings, outcomes)
    verdicts: dict[str, Verdict] = {}
    waiting: list[Finding] = []
    for finding in findings:
        after, verdict = _mend_one(now, finding, tools)
        if verdict is None:
            waiting.append(finding)
        else:
            now, verdicts[finding.fingerprint] = after, verdict
    if len(waiting) > 1:
        now, together = _mend_together(now, waiting, tools)
        verdicts |= together
    for finding in waiting:
        if finding.fingerprint not in verdicts:
            verdicts[finding.fingerprint] = _left(now, finding, cases, tools)
    return Mended(now.source, now.program, tuple(verdicts[f.fingerprint] for f in findings), now.outcomes)


def _mend_one(now: _Now, finding: Finding, tools: Tools) -> tuple[_Now, Verdict | None]:
    """The first candidate that is proved; None where none is."""
    current = _current(now, finding)
    if current is None and now.kept:  # an earlier fix mended this one, too
        return now, replace(now.kept[-1], finding=finding)
    if current is None or not red(now.outcomes):
        return now, None
    for attempt, fix in _candidates(now, current, tools):
        after = replace(attempt, outcomes=tools.run(attempt.source))
        comparison = compare(now.outcomes, after.outcomes)
        if comparison.proves:
            verdict = _verdict(now, finding, fix, comparison)
            return replace(after, kept=(*now.kept, verdict)), verdict
    return now, None


def _verdict(now: _Now, finding: Finding, fix: Fix, comparison: Comparison) -> Verdict:
    return proved_fix(finding, _as_the_user_has_it(now, finding, fix), comparison)


def _as_the_user_has_it(now: _Now, finding: Finding, fix: Fix) -> Fix:
    """The fix with its edits in positions of the file before any other fix."""
    edits = fix.edits
    for earlier in reversed(now.edits):
        edits = tuple(moved_back(edit, earlier) for edit in edits)
    return replace(fix, finding=finding, edits=edits)


def _mend_together(now: _Now, waiting: list[Finding], tools: Tools) -> tuple[_Now, dict[str, Verdict]]:
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


def _all_of(now: _Now, findings: Sequence[Finding], tools: Tools) -> tuple[_Now, list[tuple[Finding, Fix]]]:
    fixes = []
    after = now
    for finding in findings:
        current = _current(after, finding)
        candidate = next(_candidates(after, current, tools), None) if current else None
        if candidate:
            after, fix = candidate
            fixes.append((finding, fix))
    return replace(after, outcomes=tools.run(after.source)), fixes


def _candidates(now: _Now, finding: Finding, tools: Tools) -> Iterator[tuple[_Now, Fix]]:
    """Fixes after which the analysis is content, with the file as it would be."""
    if finding.severity is Severity.NOTE or not tools.fix:
        return
    for fix in rule(finding.rule).mend(now.program, finding):
        if fix.safe or tools.unsafe:
            attempt = _follow(now, fix, tools)
            if attempt is not None:
                yield attempt


def _follow(now: _Now, fix: Fix, tools: Tools) -> tuple[_Now, Fix] | None:
    """The fix with what it makes necessary: an `eval()` put in may leave the next epoch in EVAL."""
    state, titles = _applied(now, fix.edits, tools), [fix.title]
    kinds = Counter(map(_kind, now.findings))
    for _ in range(_FOLLOW_UPS):
        left = Counter(map(_kind, state.findings))
        if left[_kind(fix.finding)] >= kinds[_kind(fix.finding)]:
            return None
        fresh = [
            f for f in state.findings if left[_kind(f)] > kinds[_kind(f)] and f.severity is not Severity.NOTE
        ]
        if not fresh:
            whole = compose(now.source, state.source)
            state = replace(state, edits=(*now.edits, whole))
            return state, replace(fix, title=" and ".join(titles), edits=whole)
        follow_up = next(iter(rule(fresh[0].rule).mend(state.program, fresh[0])), None)
        if follow_up is None or not follow_up.safe:
            return None
        state = _applied(state, follow_up.edits, tools)
        titles.append(follow_up.title)
    return None


def _kind(finding: Finding) -> tuple[str, str, str]:
    """What stays of a finding when its lines change."""
    return finding.rule, finding.function, finding.subject


def _applied(now: _Now, edits: tuple[Edit, ...], tools: Tools) -> _Now:
    source = parse.apply(now.source, edits)
    program, findings = tools.look(source)
    return replace(now, source=source, program=program, findings=findings)


def _left(now: _Now, finding: Finding, cases: Sequence[Case], tools: Tools) -> Verdict:
    """What is said of a finding that stays."""
    by_name = {
        name: case for case in cases for name in (case.name, *(f"{case.name}[{t}]" for t in case.targets))
    }
    shown = tuple(c for c in red(now.outcomes) if c in by_name and finding.rule in by_name[c].proves)
    current = _current(now, finding)
    fixes = _suggestions(now, current, tools) if current else []
    if finding.severity is Severity.NOTE or not fixes:
        return without_fix(
            finding, shown, None, "" if finding.severity is Severity.NOTE else "no automatic fix"
        )
    best = _as_the_user_has_it(now, finding, fixes[0])
    if not tools.fix:
        return without_fix(finding, shown, best, "--no-fix")
    if not best.safe and not tools.unsafe:
        return without_fix(finding, shown, best, "changes more than the mode: --unsafe-fixes writes it")
    reason = "no test turned green with it" if shown else "no test could be run that shows the fault"
    return without_fix(finding, shown, best, reason)


def _suggestions(now: _Now, finding: Finding, tools: Tools) -> list[Fix]:
    """Fixes after which the analysis is content: advice that only moves the fault is worse than none."""
    fixes = rule(finding.rule).mend(now.program, finding)
    return [followed[1] for fix in fixes if (followed := _follow(now, fix, tools)) is not None]


def _current(now: _Now, finding: Finding) -> Finding | None:
    """The finding as the analysis sees it in the file as mended so far."""
    start = now.original.offset(finding.span.line, finding.span.column)
    for edits in now.edits:
        start = moved(start, edits)
    return next((f for f in now.findings if f.rule == finding.rule and _start(now.source, f) == start), None)


def _start(source: Source, finding: Finding) -> int:
    return source.offset(finding.span.line, finding.span.column)
