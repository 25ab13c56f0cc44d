"""One fix tried on the file as it is by then: what it makes of the file, and what it needs besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from modereview import parse
from modereview.fix.compose import compose, moved, moved_back
from modereview.records import Edit, Finding, Fix, Outcome, Program, Severity, Source, Verdict
from modereview.rules import rule
from modereview.rules.absent import meets_none
from modereview.rules.inside import switches
from modereview.rules.thawing import thaws

_WAYS = 3  # to make each of them that are tried
_THAWS = "parts that the file puts in EVAL by themselves are switched on as well: freeze them again behind it"
_FOLLOW_UPS = 3  # further fixes that one fix may need: an `eval()` that now wants a `train()`


@dataclass(frozen=True)
class Tools:
    """What the corridor hands to the loop."""

    look: Callable[[Source], tuple[Program, tuple[Finding, ...]]]  # analysis and rules
    run: Callable[[Source], tuple[Outcome, ...]]  # the suite on a version of the file, in the sandbox
    fix: bool = True  # whether anything may be mended at all
    unsafe: bool = False  # whether unsafe fixes may be written
    unproved: bool = False  # whether fixes may be written that no test proves
    notes: bool = True  # whether a fix takes along those of the notes that it calls up
    on_crash: Callable[[str], None] | None = None  # hears of a rule that fails to mend; None: it fails


@dataclass(frozen=True)
class Now:
    """The file as mended so far."""

    original: Source
    source: Source
    program: Program
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    edits: tuple[tuple[Edit, ...], ...] = ()  # of each fix that was kept, each in the text it met
    kept: tuple[Verdict, ...] = ()
    first: tuple[Finding, ...] = ()  # what was found in the original


Attempt = tuple[Now, Fix]


def candidates(now: Now, finding: Finding, tools: Tools) -> Iterator[Attempt]:
    """Fixes that may be written and leave the analysis content, with the file as it would be.

    What somebody out of view may see to is written only where that is asked for, whatever a test says of it.
    """
    if tools.fix and (tools.unproved or not finding.unsettled):
        allowed = (a for a in suggestions(now, finding, tools) if a[1].safe or tools.unsafe)
        yield from allowed


def suggestions(now: Now, finding: Finding, tools: Tools) -> Iterator[Attempt]:
    """Fixes after which the analysis is content: advice that only moves the fault is worse than none."""
    if not rule(finding.rule).mends(finding):
        return
    seen = set()
    for fix in _mends(now.program, finding, tools):
        attempt = _follow(now, fix, tools)
        if attempt is None:
            continue
        for way in (_with_notes(now, attempt, tools) if tools.notes else None, attempt):
            if way is not None and way[0].source.text not in seen:
                seen.add(way[0].source.text)
                yield way


def current(now: Now, finding: Finding) -> Finding | None:
    """The finding as the analysis sees it in the file as mended so far.

    By its place; where a fix has rewritten the line, by its order among those of its kind, if none of them
    is mended yet.
    """
    start = now.original.offset(finding.span.line, finding.span.column)
    for edits in now.edits:
        start = moved(start, edits)
    there = next((f for f in now.findings if f.rule == finding.rule and _start(now.source, f) == start), None)
    before, after = ([f for f in found if _kind(f) == _kind(finding)] for found in (now.first, now.findings))
    if there is None and len(before) == len(after) and finding in before:
        return after[before.index(finding)]
    return there


def as_the_user_has_it(now: Now, finding: Finding, fix: Fix) -> Fix:
    """The fix with its edits in positions of the file before any other fix."""
    edits = fix.edits
    for earlier in reversed(now.edits):
        edits = tuple(moved_back(edit, earlier) for edit in edits)
    return replace(fix, finding=finding, edits=edits)


def _mends(program: Program, finding: Finding, tools: Tools) -> Iterator[Fix]:
    """What the rule offers; where the layout of the file leaves no room for an edit, nothing more."""
    try:
        yield from rule(finding.rule).mend(program, finding)
    except ValueError:
        return
    except Exception as error:  # a fault of ours costs one fix, not the review
        if tools.on_crash is None:
            raise
        told = f"{type(error).__name__}: {error}".rstrip(": ")
        tools.on_crash(f"{finding.rule} could not mend line {finding.span.line}: {told}")


def _follow(now: Now, fix: Fix, tools: Tools) -> Attempt | None:
    """The fix with what it makes necessary: an `eval()` put in may leave the next epoch in EVAL."""
    state = _applied(now, fix.edits, tools)
    kinds = Counter(map(_kind, now.findings))
    kinds[_kind(fix.finding)] -= 1  # that one has to go, and to stay away
    if state is None or Counter(map(_kind, state.findings))[_kind(fix.finding)] > kinds[_kind(fix.finding)]:
        return None
    done = _settled(state, kinds, tools, (fix.title,))
    if done is None:
        return None
    state, titles = done
    if meets_none(now.program, state.program) or switches(state.program) - switches(now.program):
        return None
    whole = compose(now.source, state.source)
    fix = replace(fix, title=_in_words(titles), edits=whole)
    if thaws(now.program, state.program):
        fix = replace(fix, safe=False, consequence=f"{fix.consequence}; {_THAWS}".removeprefix("; "))
    return replace(state, edits=(*now.edits, whole)), fix


def _with_notes(now: Now, attempt: Attempt, tools: Tools) -> Attempt | None:
    """The fix with those of the notes that it calls up: a second review would make them. None without any.

    What is still there after several places of a function were mended is left alone at all of them.
    """
    state, fix = attempt
    known = Counter(map(_kind, now.findings))
    known[_kind(fix.finding)] -= 1
    titles, made = [fix.title], set()
    for _ in range(_FOLLOW_UPS):
        for note in _fresh(state.findings, known, notes=True):
            here = next((f for f in state.findings if _kind(f) == _kind(note)), None)
            further = next((m for m in _mends(state.program, here, tools) if m.safe), None) if here else None
            after = _applied(state, further.edits, tools) if further else None
            if after is not None and further is not None and not _fresh(after.findings, known):
                state = after
                titles.append(further.title)
                made.add(note.function)
    left = {note.function for note in _fresh(state.findings, known, notes=True)}
    if not made or made & left:
        return None
    whole = compose(now.source, state.source)
    return replace(state, edits=(*now.edits, whole)), replace(fix, title=_in_words(titles), edits=whole)


def _in_words(titles: Sequence[str]) -> str:
    """The titles of fixes that are made as one; what is done at several places is said once."""
    times = Counter(titles)
    return " and ".join(f"{t} at {n} places" if n > 1 else t for t, n in times.items())


def _fresh(
    findings: Sequence[Finding], known: Counter[tuple[str, str, str]], *, notes: bool = False
) -> list[Finding]:
    """Errors and warnings that were not there before; or the notes that get fixes, too."""
    counts = Counter(map(_kind, findings))
    return [
        f
        for f in findings
        if counts[_kind(f)] > known[_kind(f)]
        and (f.severity is Severity.NOTE) is notes
        and (not notes or rule(f.rule).mends_notes)
    ]


def _settled(
    state: Now, kinds: Counter[tuple[str, str, str]], tools: Tools, titles: tuple[str, ...]
) -> tuple[Now, tuple[str, ...]] | None:
    """The file with no finding that is new, by safe further fixes; None where there is no way."""
    fresh = _fresh(state.findings, kinds)
    if not fresh:
        return state, titles
    if len(titles) > _FOLLOW_UPS:
        return None
    for further in islice(_mends(state.program, fresh[0], tools), _WAYS):
        after = _applied(state, further.edits, tools) if further.safe else None
        if after is None or _count(after, fresh[0]) >= _count(state, fresh[0]):
            continue  # what mends nothing leads nowhere
        done = _settled(after, kinds, tools, (*titles, further.title))
        if done is not None:
            return done
    return None


def _count(state: Now, finding: Finding) -> int:
    return Counter(map(_kind, state.findings))[_kind(finding)]


def _kind(finding: Finding) -> tuple[str, str, str]:
    """What stays of a finding when its lines change."""
    return finding.rule, finding.function, finding.subject


def _applied(now: Now, edits: tuple[Edit, ...], tools: Tools) -> Now | None:
    """The file with the edits made; None where its encoding has no letter for them, or they do not fit."""
    try:
        source = parse.apply(now.source, edits)
    except ValueError:
        return None
    program, findings = tools.look(source)
    return replace(now, source=source, program=program, findings=findings)


def _start(source: Source, finding: Finding) -> int:
    return source.offset(finding.span.line, finding.span.column)
