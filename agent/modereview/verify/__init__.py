"""Outcomes before and after -> what is proved. The only room that says so.

A fix is proved if a case that was red turned green and every other case is as before. Nothing here runs
anything: it compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from modereview.records import Case, Dropped, Finding, Fix, Outcome, Status, Verdict
from modereview.verify import theirs

__all__ = [
    "Comparison",
    "caught_by",
    "compare",
    "confirm",
    "expected_failures",
    "proved_fix",
    "red",
    "theirs",
    "unconfirmed",
    "unproved_fix",
    "without_dropped",
    "without_fix",
]


@dataclass(frozen=True)
class Comparison:
    """What a change of the file did to the cases."""

    turned: tuple[str, ...]  # red before, green after
    spoiled: tuple[str, ...]  # green before and not now, or red before and no longer able to speak

    @property
    def proves(self) -> bool:
        """Whether the change is proved to mend something and to spoil nothing."""
        return bool(self.turned) and not self.spoiled


def compare(before: Sequence[Outcome], after: Sequence[Outcome]) -> Comparison:
    """Compare the same cases on two versions of a file."""
    now = {o.case: o.status for o in after}
    turned = tuple(o.case for o in before if (o.status, now.get(o.case)) == (Status.FAILED, Status.PASSED))
    spoiled = tuple(o.case for o in before if now.get(o.case) is not o.status and o.case not in turned)
    return Comparison(turned, spoiled)


def red(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    """The cases whose own assertion failed."""
    return tuple(o.case for o in outcomes if o.status is Status.FAILED)


def caught_by(outcomes: Iterable[Outcome]) -> str:
    """The case that catches a mutant, "" where none does. `outcomes`: of cases that are green without it."""
    return next((case.partition("[")[0] for case in red(outcomes)), "")


def proved_fix(finding: Finding, fix: Fix, comparison: Comparison) -> Verdict:
    """The verdict on a fix that holds. Raises ValueError for one that does not."""
    if not comparison.proves:
        raise ValueError(f"{fix.title}: not proved")
    return Verdict(finding, "fixed", fix, comparison.turned)


def unproved_fix(finding: Finding, fix: Fix, shown_by: tuple[str, ...], reason: str) -> Verdict:
    """The verdict on a fix that is written although nothing proves it, because that was asked for."""
    return Verdict(finding, "unproved", fix, shown_by, reason)


def without_fix(finding: Finding, shown_by: tuple[str, ...], fix: Fix | None, reason: str) -> Verdict:
    """The verdict on a finding that stays: shown by a test or not, with a suggestion or not."""
    if fix is not None:
        return Verdict(finding, "suggested", fix, shown_by, reason)
    return Verdict(finding, "proved" if shown_by else "reported", None, shown_by, reason)


def without_dropped(verdicts: Sequence[Verdict], dropped: Iterable[Dropped]) -> tuple[Verdict, ...]:
    """The verdicts without the cases that were not kept; one that loses all of them claims no proof."""
    gone = {each.case for each in dropped}
    return tuple(
        _shown_by(v, tuple(case for case in v.proved_by if case.partition("[")[0] not in gone))
        for v in verdicts
    )


def _shown_by(verdict: Verdict, cases: tuple[str, ...]) -> Verdict:
    """The verdict with no other cases than these."""
    left = replace(verdict, proved_by=cases)
    if cases or not verdict.proved_by:
        return left
    states: dict[str, Literal["suggested", "reported"]] = {"fixed": "suggested", "proved": "reported"}
    state = states.get(verdict.state)
    return replace(left, state=state, reason="the test that showed it was not kept") if state else left


def unconfirmed(verdict: Verdict) -> Verdict:
    """A verdict that pytest, run by itself, did not bear out."""
    return replace(verdict, state="suggested", reason="pytest by itself did not bear the proof out")


def confirm(
    verdicts: Sequence[Verdict], before: Sequence[Outcome], after: Sequence[Outcome]
) -> tuple[Verdict, ...]:
    """The verdicts once pytest itself has run the suite on the file as it was and as mended.

    A fix whose test pytest did not see fail before and pass after is taken back to a suggestion.
    """
    failed_before = set(red(before))
    passed_after = {o.case for o in after if o.status is Status.PASSED}
    borne_out = failed_before & passed_after
    return tuple(
        v if v.state != "fixed" or (v.proved_by and borne_out.issuperset(v.proved_by)) else unconfirmed(v)
        for v in verdicts
    )


def expected_failures(
    verdicts: Sequence[Verdict], outcomes: Sequence[Outcome], cases: Sequence[Case]
) -> dict[str, str]:
    """Cases that are red on the file as it will be, each with the reason that its xfail mark gives."""
    proves = {case.name: case.proves for case in cases}
    reasons = {}
    for case in red(outcomes):
        rules = proves.get(case.partition("[")[0], ())
        left = [v.finding for v in verdicts if v.state != "fixed" and v.finding.rule in rules]
        known = " and ".join(dict.fromkeys(f"{f.rule} {f.name}" for f in left))
        reasons[case] = known or "fails, and the analysis does not know why"
    return reasons
