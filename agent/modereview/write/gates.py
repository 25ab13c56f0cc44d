"""Which cases are kept, given what they did: the same rules for built-in tests and a model's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from modereview.plan.contracts import contract
from modereview.records import Case, Dropped, Finding, Outcome, Program, Severity, Status, Suite, Verdict
from modereview.rules import rule

REPEATS = 5  # runs of a new test on the user's file, each in another order, with other seeds and threads

_IN_WORDS = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.BROKEN: "could not arrange",
    Status.TIMEOUT: "ran out of time",
    Status.CRASHED: "crashed",
}
Drops = list[Dropped]


def steady(suite: Suite, repeats: Sequence[Sequence[Outcome]]) -> Suite:
    """The suite without cases that do not reach their assertion, or do not always end the same way."""
    return drop(suite, [*broken(suite.cases, repeats[0]), *flaky(repeats)])


def believed(
    suite: Suite, outcomes: Iterable[Outcome], findings: Iterable[Finding], left: Collection[str] = ()
) -> Suite:
    """The suite without cases that fail on a file for no reason that a rule knows, and so may well be wrong.

    Those are the tentative ones, and those of methods whose mode is `left` to their callers.
    """
    rules = {finding.rule for finding in findings}
    red = [case for case in suite.cases if case.name in _named(outcomes, Status.FAILED)]
    doubtful = [case for case in red if _tentative(case) or set(case.targets) & set(left)]
    return drop(
        suite,
        [
            Dropped(case.name, "fails, and no rule that it proves was broken", "useless")
            for case in doubtful
            if not rules & set(case.proves)
        ],
    )


def left_to_callers(program: Program) -> frozenset[str]:
    """Methods of a module that nothing in the file calls: `model.sample(4)` runs as its caller left it."""
    own = (f for f in program.functions if f.method_of and program.module(f.method_of) is not None)
    return frozenset(f.name for f in own if not f.calls)


def founded(suite: Suite, mended: Iterable[Outcome]) -> Suite:
    """The suite without cases of a model's own that fail on the mended file.

    A contract is right by definition; what a model demands on its own account is believed only where the
    file can fulfil it.
    """
    red = _named(mended, Status.FAILED)
    own = [case for case in suite.cases if not case.contract and case.name in red]
    return drop(
        suite, [Dropped(c.name, "fails, and no contract or fix bears it out", "useless") for c in own]
    )


def felt(suite: Suite, mended: Iterable[Outcome], findings: Iterable[Finding]) -> Suite:
    """The suite without cases that fail on the mended file for notes that may be mended, or are excused.

    Their fix may be one that the user has to ask for; a test that fails without it would ask each day.
    """
    loud = {finding.rule for finding in findings if finding.severity is not Severity.NOTE}
    notes = {f.rule for f in findings if rule(f.rule).mends(f) or f.excused} - loud
    red = [case for case in suite.cases if case.name in _named(mended, Status.FAILED)]
    quiet = [case for case in red if notes & set(case.proves) and not loud & set(case.proves)]
    return drop(suite, [Dropped(c.name, "fails for what harms nothing yet", "useless") for c in quiet])


def keep(
    suite: Suite,
    before: Iterable[Outcome],
    catchers: Collection[str],
    noticing: Collection[str],
    verdicts: Iterable[Verdict] = (),
) -> Suite:
    """The suite without the cases that prove nothing that another does not.

    Basic ones, and those of a model that the user asked for, stay where they notice anything at all.

    `before`: outcomes on the user's file. `catchers`: cases that were the first to catch a mutant, by name.
    `noticing`: cases that catch one at all, as far as was tried. `verdicts`: what red cases proved.
    """
    red = _named(before, Status.FAILED)
    proved = [{case_name(case) for case in verdict.proved_by} for verdict in verdicts]
    kept: set[str] = set()
    dropped: Drops = []
    for case in suite.cases:
        shows = case.name in red and _shows_more(case, proved, kept)
        wanted = (_basic(case) or not case.contract) and case.name in {*noticing, *red}
        if shows or wanted or case.name in catchers:
            kept.add(case.name)
        else:
            other = case.name in red or case.name in noticing
            reason = "another test shows the same" if other else "shows no fault and notices no mutant"
            dropped.append(Dropped(case.name, reason, "useless"))
    return drop(suite, dropped)


def of(suite: Suite, outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes of the suite's cases."""
    names = {case.name for case in suite.cases}
    return tuple(outcome for outcome in outcomes if case_name(outcome.case) in names)


def drop(suite: Suite, gone: Sequence[Dropped]) -> Suite:
    """The suite without the cases named, each once."""
    first = {each.case: each for each in reversed(gone)}
    left = tuple(first[case.name] for case in suite.cases if case.name in first)
    return replace(
        suite,
        cases=tuple(case for case in suite.cases if case.name not in first),
        dropped=suite.dropped + left,
    )


def broken(cases: Iterable[Case], outcomes: Iterable[Outcome]) -> Drops:
    """Cases that did not get as far as their assertion, and why."""
    by_case: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_case[case_name(outcome.case)].append(outcome)
    reasons = {case.name: _why_broken(by_case[case.name]) for case in cases}
    return [Dropped(name, reason, "broken") for name, reason in reasons.items() if reason]


def refused_by_pytest(outcomes: Iterable[Outcome]) -> Drops:
    """Cases that run in the sandbox and not where pytest collects them: beside a conftest, in a package."""
    unrun = [o for o in outcomes if o.status in (Status.BROKEN, Status.CRASHED)]
    why = "pytest itself could not run the test, which is left out"
    return [Dropped(case_name(o.case), f"{why}: {o.message}", "broken") for o in unrun]


def flaky(repeats: Sequence[Iterable[Outcome]]) -> Drops:
    """Cases that did not end the same way each time on the same file."""
    seen: dict[str, list[Status]] = defaultdict(list)
    for outcome in (outcome for run in repeats for outcome in run):
        seen[outcome.case].append(outcome.status)
    return [
        Dropped(case_name(name), f"flaky: {_counted(statuses)}", "flaky")
        for name, statuses in seen.items()
        if len(set(statuses)) > 1
    ]


def _shows_more(case: Case, proved: Sequence[Collection[str]], kept: Collection[str]) -> bool:
    """Whether a red case proves a finding that no kept case proves, or is red for a reason of its own."""
    mine = [names for names in proved if case.name in names]
    return not mine or any(not set(names) & set(kept) for names in mine)


def _why_broken(outcomes: Sequence[Outcome]) -> str:
    bad = next((o for o in outcomes if o.status not in (Status.PASSED, Status.FAILED)), None)
    if bad is not None:
        return f"{_IN_WORDS[bad.status]}: {bad.message}" if bad.message else _IN_WORDS[bad.status]
    return "" if outcomes else "did not run"


def _counted(statuses: Sequence[Status]) -> str:
    counts = {status: statuses.count(status) for status in dict.fromkeys(statuses)}
    return ", ".join(f"{_IN_WORDS[s]} {f'{n} times' if n > 1 else 'once'}" for s, n in counts.items())


def _named(outcomes: Iterable[Outcome], status: Status) -> set[str]:
    return {case_name(outcome.case) for outcome in outcomes if outcome.status is status}


def case_name(case: str) -> str:
    """The case without its parameter set."""
    return case.partition("[")[0]


def _basic(case: Case) -> bool:
    found = contract(case.contract)
    return found is not None and found.basic


def _tentative(case: Case) -> bool:
    found = contract(case.contract)
    return found is not None and found.tentative
