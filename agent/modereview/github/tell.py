"""Reviews as the handover tells them: paths from the repository's top, lines as the host counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from modereview.github.around import around
from modereview.github.mends import patch, suggestion
from modereview.github.told import Change, Handover, Step, Stretch, Told
from modereview.records import Event, Review, Span, Verdict
from modereview.report.places import in_cell
from modereview.report.tally import settled
from modereview.report.words import listed, sentence

_WORDS, _CODE, _CONTENT = 2_000, 16_000, 1_000_000  # as in `told`
_STEPS, _FACTS, _CASES = 30, 20, 50
_FINDINGS, _NOTES, _BLOCKS = 2_000, 200, 4
_NAMES = 3  # of what was not reached, in one sentence


def handover(
    reviews: Sequence[Review],
    known: frozenset[str],
    commits: tuple[str, str],
    top: Path,
    notes: Sequence[str],
) -> Handover:
    """What the posting job needs. `known`: fingerprints of the base; `commits`: head and merge base."""
    findings = [told(r, v, known, top) for r in reviews for v in settled(r)]
    left_out = {each.path for each in findings[_FINDINGS:]}
    sound = [_path(review.source.path, top) for review in reviews if not review.internal_errors]
    said = [*notes, *(note for review in reviews for note in _notes(review))]
    return Handover(
        version=1,
        head=commits[0],
        base=commits[1],
        reviewed=tuple(path for path in sound if path not in left_out),
        findings=tuple(findings[:_FINDINGS]),
        notes=_all(said),
        not_run=_all([text for review in reviews for text in _not_run(review)]),
        silenced=sum(quiet.by == "comment" for review in reviews for quiet in review.quiet),
        mended=tuple(change for review in reviews for change in _mended(review, top)),
        tests=tuple(change for review in reviews for change in _tests(review, top)),
    )


def _all(sentences: Sequence[str]) -> tuple[str, ...]:
    return tuple(_cut(text, _WORDS) for text in dict.fromkeys(sentences))[:_NOTES]


def told(review: Review, verdict: Verdict, known: frozenset[str], top: Path) -> Told:
    """A finding with its verdict, in the shape and within the limits of the handover."""
    finding, fix = verdict.finding, verdict.fix
    first, last = host_lines(review, finding.span)
    return Told(
        rule=finding.rule,
        name=finding.name,
        severity=finding.severity.value,
        message=_cut(finding.message, _WORDS),
        path=_path(review.source.path, top),
        first=first,
        last=last,
        fingerprint=finding.fingerprint,
        # A fix that was made without proof is, to a reader of comments, one that may be right.
        state="suggested" if verdict.state == "unproved" else verdict.state,
        known=finding.fingerprint in known,
        within=_within(review, finding.span),
        cell=in_cell(review, finding.span).removesuffix(": "),
        evidence=tuple(_step(review, event) for event in finding.evidence if event.text)[:_STEPS],
        facts=tuple(_cut(fact, _WORDS) for fact in finding.facts)[:_FACTS],
        proved_by=tuple(_cut(case, _WORDS) for case in verdict.proved_by)[:_CASES],
        test=_cut(_test(review, verdict), _CODE),
        title=_cut(fix.title, _WORDS) if fix else "",
        consequence=_cut(fix.consequence, _WORDS) if fix else "",
        patch=_cut(patch(review, verdict), _CODE),
        suggestion=suggestion(review, verdict),
    )


def host_lines(review: Review, span: Span) -> tuple[int, int]:
    """First and last line of a span where only a line feed ends one, as git and GitHub count."""
    source = review.source
    if source.cells:
        return source.raw_line(span.line), source.raw_line(span.end_line)
    last = span.end_line - (span.end_column == 1 and span.end_line > span.line)
    first = source.text.count("\n", 0, source.offset(span.line, 1)) + 1
    return first, source.text.count("\n", 0, source.offset(last, 1)) + 1


def _step(review: Review, event: Event) -> Step:
    return Step(host_lines(review, event.span)[0], _cut(event.text, _WORDS), _within(review, event.span))


def _within(review: Review, span: Span) -> tuple[Stretch, ...]:
    blocks = around(review.source.tree, span.line)[:_BLOCKS]
    return tuple(
        Stretch(*(host_lines(review, Span(line, 1, line, 2))[0] for line in lines)) for lines in blocks
    )


def _test(review: Review, verdict: Verdict) -> str:
    """The source of the first test that shows the fault."""
    names = [case.partition("[")[0] for case in verdict.proved_by]
    cases = review.suite.cases if review.suite else ()
    return next((case.code for case in cases if case.name in names), "")


def _notes(review: Review) -> tuple[str, ...]:
    """What went wrong with the file, and what the report warns of."""
    name = review.source.name
    return (*(f"{name}: internal error: {text}" for text in review.internal_errors), *review.warnings)


def _not_run(review: Review) -> Iterator[str]:
    """What no test reached, once for each reason, and what else was not run."""
    reasons: dict[str, list[str]] = {}
    for item in review.unreached:
        # On a pull request it is the workflow that chooses the interpreter, and fills it.
        advice = item.hint.replace("--python PATH", "`install`")
        reasons.setdefault(f"{sentence(item.error)} {advice}", []).append(f"`{item.target.name}`")
    not_reached = (f"{listed(names, _NAMES)} not reached: {why}" for why, names in reasons.items())
    return (f"{review.source.name}: {text.strip()}" for text in (*not_reached, *review.not_run))


def _mended(review: Review, top: Path) -> tuple[Change, ...]:
    """The mended file, where UTF-8 text can carry it."""
    if review.mended is None:
        return ()
    try:
        content = review.mended.decode("utf-8")
    except UnicodeDecodeError:
        return ()
    executable = os.access(review.source.path, os.X_OK)
    change = Change(_path(review.source.path, top), content, executable)
    return (change,) if len(content) <= _CONTENT else ()


def _tests(review: Review, top: Path) -> tuple[Change, ...]:
    if not review.suite or not review.suite_text or len(review.suite_text) > _CONTENT:
        return ()
    inside = review.suite.path.is_relative_to(top)
    return (Change(_path(review.suite.path, top), review.suite_text),) if inside else ()


def _path(path: Path, top: Path) -> str:
    return path.relative_to(top).as_posix()


def _cut(text: str, length: int) -> str:
    """At most that many characters; lone surrogates, which JSON cannot carry, replaced."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return sound if len(sound) <= length else sound[: length - 4] + " ..."
