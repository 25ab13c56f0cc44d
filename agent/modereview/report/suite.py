"""What a report says of the tests: how many, where, how they went, and which mutants they catch."""

from __future__ import annotations

from collections import Counter

from modereview.records import Mutant, Review, Status
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
    return [
        *_trouble(review),
        *_counts(review, options),
        *_survivors(review, options),
        *_dropped(review, options),
    ]


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
    """With -v each at its place."""
    groups = {"Not caught": review.survived, "Equivalent (no forward differs)": review.equivalent}
    if options.verbose:
        return [f"{what}: {_placed(review, m)}" for what, group in groups.items() for m in group]
    described = {what: [mutant.description for mutant in group] for what, group in groups.items()}
    return [f"{what}: {listed(texts, SURVIVORS_SHOWN)}." for what, texts in described.items() if texts]


def _placed(review: Review, mutant: Mutant) -> str:
    return f"{review.source.name}:{review.source.label(mutant.span.line)} {mutant.description}."


def _dropped(review: Review, options: Options) -> list[str]:
    """Tests that the gates refused, with -v each with its reason.

    That a contract shows nothing here that another does not is no news; only -v tells.
    """
    dropped = review.suite.dropped if review.suite else review.tried
    if options.verbose:
        return [f"Dropped: {each.case}: {sentence(each.reason)}" for each in dropped]
    news = [each for each in dropped if each.kind != "useless"]
    return [f"Dropped: {amount(len(news), 'test')} (-v says why)."] if news else []


def _counts(review: Review, options: Options) -> list[str]:
    """As in `Tests written: 9: 3 good, 1 failed (shows a fault), 0 broken, 5 useless, 0 flaky.`, with -v."""
    if review.suite is None or not options.verbose:
        return []
    kinds = Counter[str](each.kind for each in review.suite.dropped)
    shown = {case.partition("[")[0] for verdict in review.verdicts for case in verdict.proved_by}
    failed = sum(case.name in shown for case in review.suite.cases)
    counts = {"good": len(review.suite.cases) - failed, "failed (show a fault)": failed}
    counts |= {kind: kinds[kind] for kind in ("broken", "useless", "flaky", "refused")}
    made = len(review.killed) + len(review.survived) + len(review.equivalent)
    return [
        f"Tests tried: {sum(counts.values())}: {', '.join(f'{n} {what}' for what, n in counts.items())}.",
        f"Mutants run: {made}: {len(review.equivalent)} equivalent, {len(review.killed)} killed, "
        f"{len(review.survived)} survived.",
    ]
