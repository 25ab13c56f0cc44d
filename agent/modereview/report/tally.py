"""What is left after a review, and the exit code that says so."""

from __future__ import annotations

from collections.abc import Sequence

from modereview.records import Review, Severity, Status, Verdict

CLEAN, FOUND, BAD_INPUT, TOOL_FAILED, STOPPED = 0, 1, 2, 3, 130


def settled(review: Review) -> tuple[Verdict, ...]:
    """A verdict for each finding, in file order. One that no verdict speaks of was only reported."""
    spoken = {verdict.finding for verdict in review.verdicts}
    silent = (Verdict(finding, "reported") for finding in review.findings if finding not in spoken)
    return tuple(sorted((*review.verdicts, *silent), key=_place))


def is_mended(review: Review, verdict: Verdict) -> bool:
    """Whether the finding's fix is proved and in the file: in a run that writes nothing, none is."""
    return verdict.state == "fixed" and review.source.path in review.written


def counted(reviews: Sequence[Review]) -> list[tuple[Review, Verdict]]:
    """Errors and warnings, each with its review."""
    pairs = ((review, verdict) for review in reviews for verdict in settled(review))
    return [pair for pair in pairs if pair[1].finding.severity is not Severity.NOTE]


def all_right(review: Review) -> bool:
    """Whether tests ran on everything there is and all passed: only then may a report say so."""
    good = [outcome.status is Status.PASSED and not outcome.marked for outcome in review.outcomes]
    gaps = review.unreached or review.not_run or review.internal_errors or review.remarks
    return bool(good) and all(good) and not gaps and not counted([review])


def left(reviews: Sequence[Review]) -> list[Verdict]:
    """The errors and warnings that the files on disk still have."""
    return [verdict for review, verdict in counted(reviews) if not is_mended(review, verdict)]


def exit_code(reviews: Sequence[Review], refused: Sequence[str] = ()) -> int:
    """3 if the tool failed, 2 if a file was refused, 1 if an error or warning is left, else 0."""
    if any(review.internal_errors for review in reviews):
        return TOOL_FAILED
    if refused:
        return BAD_INPUT
    return FOUND if left(reviews) else CLEAN


def _place(verdict: Verdict) -> tuple[int, int, str, int]:
    finding = verdict.finding
    return finding.span.line, finding.span.column, finding.rule, finding.index
