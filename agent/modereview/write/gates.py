"""Which cases are kept, given what they did: the same rules for built-in tests and a model's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from modereview.records import Case, Outcome, Status, Suite

REPEATS = 5  # runs of a new test on the user's file, all in the sandbox

_IN_WORDS = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.BROKEN: "could not arrange",
    Status.TIMEOUT: "ran out of time",
    Status.CRASHED: "crashed",
}


def case_name(outcome: Outcome) -> str:
    """The case that an outcome belongs to, without its parameter set."""
    return outcome.case.partition("[")[0]


def keep(
    suite: Suite,
    repeats: Sequence[Sequence[Outcome]],
    on_mutants: Iterable[Sequence[Outcome]],
    mended: Sequence[Outcome] | None = None,
) -> Suite:
    """The suite without the cases that prove nothing; each is listed in `dropped` with its reason.

    `repeats`: outcomes of REPEATS runs on the user's file; `on_mutants`: one run for each mutant of it;
    `mended`: one run on the file with its fixes, where it has any.
    """
    first = repeats[0]
    reasons = {
        **useless(first, on_mutants),
        **unfounded(suite.cases, first if mended is None else mended),
        **flaky(repeats),
        **broken(suite.cases, first),
    }
    return drop(suite, reasons)


def of(suite: Suite, outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes of the suite's cases."""
    names = {case.name for case in suite.cases}
    return tuple(outcome for outcome in outcomes if case_name(outcome) in names)


def drop(suite: Suite, reasons: Mapping[str, str]) -> Suite:
    """The suite without the cases named."""
    gone = tuple((case.name, reasons[case.name]) for case in suite.cases if case.name in reasons)
    stay = tuple(case for case in suite.cases if case.name not in reasons)
    return replace(suite, cases=stay, dropped=suite.dropped + gone)


def broken(cases: Iterable[Case], outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Cases that did not get as far as their assertion, and why."""
    by_case: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_case[case_name(outcome)].append(outcome)
    reasons = {}
    for case in cases:
        bad = next((o for o in by_case[case.name] if o.status not in (Status.PASSED, Status.FAILED)), None)
        if bad is not None:
            reasons[case.name] = (
                f"{_IN_WORDS[bad.status]}: {bad.message}" if bad.message else _IN_WORDS[bad.status]
            )
        elif not by_case[case.name]:
            reasons[case.name] = "did not run"
    return reasons


def flaky(repeats: Sequence[Iterable[Outcome]]) -> dict[str, str]:
    """Cases that did not end the same way each time on the same file."""
    seen: dict[str, list[Status]] = defaultdict(list)
    for outcome in (outcome for run in repeats for outcome in run):
        seen[outcome.case].append(outcome.status)
    return {
        name.partition("[")[0]: "flaky: "
        + ", ".join(f"{_IN_WORDS[s]} {statuses.count(s)} times" for s in _unique(statuses))
        for name, statuses in seen.items()
        if len(set(statuses)) > 1
    }


def useless(before: Iterable[Outcome], on_mutants: Iterable[Iterable[Outcome]]) -> dict[str, str]:
    """Cases that pass on the user's file and on each of its mutants: they would pass on anything."""
    passed = {outcome.case for outcome in before if outcome.status is Status.PASSED}
    killers = {
        case_name(outcome)
        for run in on_mutants
        for outcome in run
        if outcome.status is Status.FAILED and outcome.case in passed
    }
    shows_fault = {case_name(outcome) for outcome in before if outcome.status is Status.FAILED}
    names = {name.partition("[")[0] for name in passed} - killers - shows_fault
    return dict.fromkeys(names, "shows no fault and notices no mutant")


def unfounded(cases: Iterable[Case], outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Cases without a contract that fail on the mended file.

    A contract is right by definition; what a model demands on its own account is believed only where the
    file can fulfil it.
    """
    failed = {case_name(outcome) for outcome in outcomes if outcome.status is Status.FAILED}
    own = {case.name for case in cases if not case.contract}
    return dict.fromkeys(own & failed, "fails, and no contract or fix bears it out")


def _unique(statuses: Sequence[Status]) -> list[Status]:
    return list(dict.fromkeys(statuses))
