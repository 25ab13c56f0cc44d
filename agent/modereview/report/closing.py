"""What a report says after the findings: of a file, and of the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from modereview.records import Recipe, Review, Severity, Unreached, Usage
from modereview.report import advice, suite
from modereview.report.options import Options
from modereview.report.tally import all_right, counted, is_mended
from modereview.report.words import amount, listed, printable, sentence

# In this order. Only what `verify` proved is called proved.
FATES = {
    "mended": "fixed and proved",
    "fixed": "fix proved, not written",
    "unproved": "fix without a proof",
    "proved": "proved, not fixed",
    "suggested": "fix suggested, not proved",
    "reported": "not proved",
}


def about_file(review: Review, options: Options, alone: bool) -> list[Text]:
    """One line that sums the file up, then what did not go well.

    In a list of files that were only read, those without a finding are passed over.
    """
    tried = _tried(review) if options.verbose else []
    notes = [*suite.remarks(review, options), *advice.remarks(review, options), *_not_run(review), *tried]
    if not alone and review.static and not (review.findings or notes):
        return []
    name = "" if alone and counted([review]) else f"{review.source.name}: "
    parts = [f"{name}{_verdict(review)}", suite.summary(review, options)]
    return [Text(printable(line)) for line in (" ".join(part for part in parts if part), *notes)]


def failures(review: Review) -> list[Text]:
    """What went wrong inside the tool: shown however quiet the run is."""
    return [
        Text(
            printable(f"Internal error in {review.source.name}: {sentence(error)} Please report it."),
            "bold red",
        )
        for error in review.internal_errors
    ]


def about_run(reviews: Sequence[Review], options: Options) -> list[Text]:
    """Totals, warnings, and the last line: what was not run, time, model, and the way back."""
    warnings = [f"Warning: {sentence(text)}" for text in _warnings(reviews)]
    warnings += _quiet(reviews)
    if len(reviews) == 1 and all_right(reviews[0]) and not (warnings or options.verbose):
        return []
    lines = [_totals(reviews)] if len(reviews) > 1 else []
    lines += [*warnings, " ".join(_last_line(reviews, options))]
    return [Text(printable(line)) for line in lines if line]


def _quiet(reviews: Sequence[Review]) -> list[str]:
    """How much was found and not told, so that nobody takes silence for a clean file."""
    counts = Counter[str](quiet.by for review in reviews for quiet in review.quiet)
    told = {"comment": "taken back by comments", "baseline": "known to the baseline"}
    parts = [f"{amount(counts[by], 'finding')} {words}" for by, words in told.items() if counts[by]]
    return [f"Not told: {listed(parts)}."] if parts else []


def _verdict(review: Review) -> str:
    if all_right(review):
        return "modes are right."
    return _sum([review]) if counted([review]) else "no mode fault found."


def _sum(reviews: Sequence[Review]) -> str:
    """As in `2 errors, 1 warning: 2 fixed and proved; 1 proved, not fixed`."""
    pairs = counted(reviews)
    severities = Counter(verdict.finding.severity for _, verdict in pairs)
    counts = ", ".join(amount(severities[s], s.value) for s in Severity if severities[s])
    fates = Counter("mended" if is_mended(review, verdict) else verdict.state for review, verdict in pairs)
    if all(review.static for review in reviews):
        return f"{counts}."
    if len(fates) == 1:
        return f"{counts}, {FATES[next(iter(fates))]}."
    return f"{counts}: {'; '.join(f'{fates[fate]} {words}' for fate, words in FATES.items() if fates[fate])}."


def _totals(reviews: Sequence[Review]) -> str:
    return f"{amount(len(reviews), 'file')}: {_sum(reviews) if counted(reviews) else 'no mode fault found.'}"


def _not_run(review: Review) -> list[str]:
    reasons = [*_unreached(review.unreached), *review.not_run]
    return [f"Not run: {sentence(reason)}" for reason in reasons]


def _unreached(items: Sequence[Unreached]) -> Iterator[str]:
    """What was not reached and why, those together that share a reason."""
    alike: dict[tuple[str, str], list[str]] = {}
    for item in items:
        alike.setdefault((item.error, item.hint), []).append(f"`{item.target.name}`")
    for (error, hint), names in alike.items():
        yield f"{listed(names)} not reached: {sentence(error)} {hint}".strip()


def _tried(review: Review) -> list[str]:
    """Every recipe that was tried in vain."""
    targets: tuple[Unreached | Recipe, ...] = (*review.unreached, *review.reached)
    return [f"Tried for `{item.target.name}`: {trial}" for item in targets for trial in item.trials]


def _warnings(reviews: Sequence[Review]) -> list[str]:
    """Warnings of all reviews, each once: most are about the machine, not the file."""
    texts = [text for review in reviews for text in (*review.warnings, _model_error(review.usage)) if text]
    return [*dict.fromkeys(texts), *_stale(reviews)]


def _stale(reviews: Sequence[Review]) -> list[str]:
    """That a replay answers with what was said to other questions: to an earlier version of the code, say."""
    stale, asked = (sum(getattr(r.usage, name) for r in reviews) for name in ("stale", "cached"))
    if not stale:
        return []
    told = f"{stale} of {amount(asked, 'answer')} of the replay"
    return [f"{told} answered a question that reads otherwise today; record anew with --record"]


def _model_error(usage: Usage) -> str:
    """What a replay lacks is said among the input that was refused."""
    told = usage.error and not usage.unrecorded
    return f"model {usage.model}: {usage.error}" if told else ""


def _last_line(reviews: Sequence[Review], options: Options) -> list[str]:
    parts = []
    if reviews and all(review.static for review in reviews):
        parts.append("Nothing was run.")
    elif all(review.outcomes and not _not_run(review) for review in reviews):
        parts.append("Not run: nothing.")
    seconds = options.seconds if options.seconds is not None else sum(review.seconds for review in reviews)
    parts.append(f"Took {seconds:.1f} s, {advice.cost(reviews)}.")
    if any(review.written for review in reviews):
        parts.append("Take it back: modereview undo")
    return parts
