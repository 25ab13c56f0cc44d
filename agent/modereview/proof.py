"""How far the proof of a file has come: the value that flows from planning to confirming."""

from __future__ import annotations

from dataclasses import dataclass, replace

from modereview.fix import Mended
from modereview.records import Contract, Finding, Outcome, Plan, Recipe, Review, Suite


@dataclass(frozen=True)
class Proof:
    """What is tested, what the tests said, and what is mended."""

    planned: Plan
    suite: Suite
    before: tuple[Outcome, ...]  # of the suite, on the file as it is
    mended: Mended
    claimed: tuple[tuple[Contract, Recipe], ...] = ()  # tested because a model claims something
    after: tuple[Outcome, ...] = ()  # of the suite, on the file as mended, once all mends are made

    @property
    def claims(self) -> tuple[Finding, ...]:
        """The findings that a model claimed and a test showed."""
        return tuple(v.finding for v in self.mended.verdicts if v.finding.claimed_by)


def with_mended(found: Review, mended: Mended) -> Review:
    """The review of a file with what became of its findings, and those that claims added to them."""
    changed = mended.source.raw if mended.source.raw != found.source.raw else None
    claimed = (verdict.finding for verdict in mended.verdicts if verdict.finding.claimed_by)
    findings = tuple(sorted((*found.findings, *claimed), key=lambda f: (f.span, f.rule)))
    return replace(found, findings=findings, verdicts=mended.verdicts, mended=changed)
