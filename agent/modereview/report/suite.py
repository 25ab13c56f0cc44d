"""What a report says of the tests: how many, where, how they went, and which mutants they catch."""

from __future__ import annotations

from collections import Counter

from modereview.records import Review, Status
from modereview.report.options import Options
from modereview.report.tally import all_right
from modereview.report.words import amount, listed, sentence

SURVIVORS_SHOWN = 3
TROUBLE = {
    Status.FAILED: "Failed",
    Status.BROKEN: "Could not run",
    Status.TIMEOUT: "Timed out",
    Status.CRASHED: "Crashed",
}


def summary(review: Review, options: Options) -> str:
    """As in `6 tests in tests/test_train_modes.py: 6 pass, 11 of 11 mode mutants caught.`."""
    if review.suite is None:
        return "" if review.static else "No test was written."
    count = amount(len(review.outcomes) or len(review.suite.cases), "test")
    results = ", ".join(part for part in (_results(review), _mutants(review)) if part)
    path = _relative(review)
    if review.suite.path in review.written and all_right(review):
        return f"{count} written to {path}, {_mutants(review) or 'all pass'}."
    place = f"in {path}" if options.writes and not review.not_written else f"for {path} (not written)"
    return f"{count} {place}: {results or 'not run'}."


def remarks(review: Review, options: Options) -> list[str]:
    """A line for whatever did not go well: tests, mutants that no test catches, tests that were dropped."""
    return [*_trouble(review), *_survivors(review, options), *_dropped(review, options)]


def _relative(review: Review) -> str:
    path = review.suite.path if review.suite else review.source.path
    root = review.source.root
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _results(review: Review) -> str:
    """`5 pass, 1 fails as marked`, by status."""
    marked = sum(outcome.marked for outcome in review.outcomes)
    passed = sum(outcome.status is Status.PASSED for outcome in review.outcomes) - marked
    parts = [f"{passed} pass" if passed != 1 else "1 passes"] if review.outcomes else []
    if marked:
        parts.append(f"{marked} {'fails' if marked == 1 else 'fail'} as marked (xfail)")
    rest: Counter[Status] = Counter(o.status for o in review.outcomes if o.status is not Status.PASSED)
    return ", ".join(parts + [f"{rest[status]} {status.value}" for status in Status if rest[status]])


def _mutants(review: Review) -> str:
    total = len(review.killed) + len(review.survived)
    return f"{len(review.killed)} of {amount(total, 'mode mutant')} caught" if total else ""


def _trouble(review: Review) -> list[str]:
    """Each test that did not pass, and each that fails as marked with no finding to explain it."""
    explained = {case for verdict in review.verdicts for case in verdict.proved_by}
    failed = [outcome for outcome in review.outcomes if outcome.status is not Status.PASSED]
    unexplained = [o.case for o in review.outcomes if o.marked and o.case not in explained]
    return [
        *(f"{TROUBLE[o.status]}: {o.case}" + (f": {o.message}" if o.message else "") for o in failed),
        *(f"Not explained: {case} fails on this code, and no rule says why." for case in unexplained),
    ]


def _survivors(review: Review, options: Options) -> list[str]:
    limit = None if options.verbose else SURVIVORS_SHOWN
    groups = {"Not caught": review.survived, "Equivalent, no forward changes its mode": review.equivalent}
    described = {what: [mutant.description for mutant in group] for what, group in groups.items()}
    return [f"{what}: {listed(texts, limit)}." for what, texts in described.items() if texts]


def _dropped(review: Review, options: Options) -> list[str]:
    """Tests that the gates refused: counted, or with -v each with its reason."""
    dropped = review.suite.dropped if review.suite else ()
    if options.verbose:
        return [f"Dropped: {case}: {sentence(reason)}" for case, reason in dropped]
    return [f"Dropped: {amount(len(dropped), 'test')} (-v says why)."] if dropped else []
