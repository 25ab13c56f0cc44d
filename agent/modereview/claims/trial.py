"""What all trials of claims share: the script, the file as it is by now, and what a test says of it.

A trial ends as `Shown`, as the claim with the reason why no test tells, or as the reason why it is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from modereview.claims.seen import Seen
from modereview.fix import Mended
from modereview.plan import own_run
from modereview.records import (
    Contract,
    Finding,
    Given,
    Outcome,
    Plan,
    Program,
    Recipe,
    Remark,
    Status,
    Suite,
    Unreached,
)
from modereview.workbench import Bench
from modereview.write import builtin, gates
from modereview.write.complete import Pair
from modereview.write.covering import covers

# The rules on a program, and what somebody else found in it: selection, ignores and baseline apply to both.
Judge = Callable[[Program, tuple[Finding, ...]], tuple[Finding, ...]]


@dataclass(frozen=True)
class Shown:
    """A claim that a test shows."""

    finding: Finding
    pair: Pair  # the contract and the recipe of its test
    program: Program  # of the file, with what ran as it ran
    plan: Plan  # by which the test is written


Ended: TypeAlias = "Shown | Remark | str"


@dataclass
class Script:
    """The script under review, as it is, and what was run of it: nothing is run twice for two claims."""

    planned: Plan
    bench: Bench
    given: tuple[Given, ...]
    seen: dict[tuple[bytes, Recipe], tuple[Seen, ...]] = field(default_factory=dict)
    said: dict[tuple[bytes, Pair], Outcome] = field(default_factory=dict)

    @cached_property
    def own_run(self) -> tuple[Plan, Recipe | Unreached | None]:
        """Its own run, in its own order, and the plan that knows what that lacks."""
        return own_run(self.planned, self.bench.ask, self.given)


@dataclass(frozen=True)
class Trial:
    """The trial of claims about a file as it is by now."""

    script: Script
    planned: Plan
    mended: Mended  # the file by now, and what became of the findings so far
    bench: Bench  # on that file
    judge: Judge
    by: str  # the model

    @property
    def program(self) -> Program:
        """What the analysis knows of the file by now."""
        return self.mended.program

    @cached_property
    def known(self) -> tuple[Finding, ...]:
        """What is found in the file already, by the rules or by claims before."""
        claimed = (v.finding for v in self.mended.verdicts if v.finding.claimed_by and v.state != "fixed")
        return (*self.judge(self.program, ()), *claimed)

    def recipe(self, asked: Contract, line: int) -> Recipe | None:
        """The recipe by which a test of the contract runs the line; None where none does."""
        recipes = (recipe for contract, recipe in self.planned.pairs if contract == asked)
        return next((recipe for recipe in recipes if covers(self.program, recipe, line)), None)

    def outcome(self, planned: Plan, pair: Pair) -> Outcome:
        """What the test says each time; broken, with the reason, where it does not say the same."""
        key = self.bench.source.raw, pair
        if key not in self.script.said:
            self.script.said[key] = self._run(planned, pair)
        return self.script.said[key]

    def _run(self, planned: Plan, pair: Pair) -> Outcome:
        suite = suite_of(planned, pair)
        repeats = self.bench.repeats(suite, gates.REPEATS)
        dropped = gates.steady(suite, repeats).dropped
        return Outcome(dropped[0].case, Status.BROKEN, dropped[0].reason) if dropped else repeats[0][0]

    def claimed(self, claim: Remark, finding: Finding) -> Finding:
        """The finding with who claimed it, and the words."""
        words = "" if claim.text == finding.message else f": {claim.text}"
        said = f"claimed by the model {self.by}, and shown by a test{words}"
        return replace(finding, claimed_by=self.by, facts=(*finding.facts, said))


def suite_of(planned: Plan, pair: Pair) -> Suite:
    """The test of a contract by one recipe, alone in its file."""
    return builtin.write(replace(planned, recipes=(pair[1],), pairs=(pair,)))


def not_shown(claim: Remark, outcome: Outcome) -> Remark | str:
    """What is said of a claim whose test does not fail."""
    if outcome.status is Status.PASSED:
        return f"{outcome.case} passes and does not bear it out"
    return note(claim, f"{outcome.case}: {outcome.message}")


def note(claim: Remark, reason: str, *, shown: bool = False) -> Remark:
    """The claim as a note, with the reason why it is no more."""
    return replace(claim, state="shown" if shown else "open", reason=reason)
