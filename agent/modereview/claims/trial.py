"""One claim on trial: which test would show it, what that said, and what it was red for.

A trial ends as `Shown`, as the claim with the reason why no test tells, or as the reason why it is dropped.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from modereview.claims import line as one_line
from modereview.claims.reach import covers
from modereview.claims.seen import WRONG, Seen, about, corrected, read
from modereview.fix import Mended
from modereview.fix.compose import span_before
from modereview.fix.switches import span_of
from modereview.plan import own_run
from modereview.plan.contracts import applies, contract
from modereview.records import (
    Contract,
    Drive,
    Finding,
    Given,
    Outcome,
    Plan,
    Program,
    Recipe,
    Remark,
    Severity,
    Span,
    Status,
    Suite,
    Target,
    Unreached,
)
from modereview.rules import rule
from modereview.run import Failed
from modereview.workbench import Bench
from modereview.write import builtin, gates
from modereview.write.complete import Pair
from modereview.write.naming import builder_names

# The rules on a program, and what somebody else found in it: selection, ignores and baseline apply to both.
Judge = Callable[[Program, tuple[Finding, ...]], tuple[Finding, ...]]

_WITNESS = Path(__file__).with_name("witness.py")


@dataclass(frozen=True)
class Shown:
    """A claim that a test shows."""

    finding: Finding
    pair: Pair  # the contract and the recipe of its test
    program: Program  # of the file, with what ran as it ran
    plan: Plan  # by which the test is written


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

    def of(self, claim: Remark) -> Shown | Remark | str:
        """What came of the claim, whose line is one of the file as it is by now."""
        asked = contract(claim.contract)
        if asked is None or not asked.proves:
            return "it names no contract that shows a fault"
        known = next((f for f in self._known if f.rule in asked.proves and f.span.line == claim.line), None)
        if known is not None:
            return f"{known.rule} says so already"
        if asked.id in WRONG:
            return self._of_forwards(claim, asked)
        return self._of_class(claim, asked) if asked.on == "module" else self._of_the_rest(claim, asked)

    @property
    def program(self) -> Program:
        """What the analysis knows of the file by now."""
        return self.mended.program

    @cached_property
    def _known(self) -> tuple[Finding, ...]:
        claimed = (v.finding for v in self.mended.verdicts if v.finding.claimed_by and v.state != "fixed")
        return (*self.judge(self.program, ()), *claimed)

    # A forward in the wrong mode

    def _of_forwards(self, claim: Remark, asked: Contract) -> Shown | Remark | str:
        """By the functions that a recipe drives, then by the script's own run, in its own order."""
        came_by = False
        for planned, recipe in self._runs(claim.line, asked):
            seen = self._seen(planned, (asked, recipe))
            here = [each for each in seen if about(self.bench.source, claim.line, each)]
            came_by = came_by or bool(here)
            wrong = next((each for each in here if each.breaks(asked.id)), None)
            if wrong is not None:
                return self._of_wrong(claim, planned, (asked, recipe), wrong, seen)
        if self._was_wrong(claim, asked):
            return "what is mended already was the reason"
        own = self.script.own_run[1]
        if isinstance(own, Unreached):
            return _note(claim, f"the script's own run was not reached: {own.error}")
        if not came_by:
            return _note(claim, "no forward that ran leads through that line")
        return "what ran there ran in the mode that it should"

    def _runs(self, line: int, asked: Contract) -> Iterator[tuple[Plan, Recipe]]:
        scenarios = (r for r in self.planned.recipes if applies(asked, r, self.program))
        driven = [recipe for recipe in scenarios if covers(self.program, recipe, line)]
        yield from ((self.planned, recipe) for recipe in driven)
        plan, own = self.script.own_run
        if isinstance(own, Recipe) and own not in driven:
            yield replace(self.planned, absent=plan.absent), own

    def _was_wrong(self, claim: Remark, asked: Contract) -> bool:
        """Whether, before anything was mended, a forward that led through the line broke the contract."""
        before, now = self.script.bench.source, self.bench.source
        if before is now:
            return False
        line = span_before(Span(claim.line, 1, claim.line, 1), before, now).line
        was = replace(self, bench=self.script.bench)
        runs = (was._seen(plan, (asked, recipe)) for plan, recipe in self._runs(claim.line, asked))
        return any(s.breaks(asked.id) and about(before, line, s) for run in runs for s in run)

    def _seen(self, planned: Plan, pair: Pair) -> tuple[Seen, ...]:
        """The forwards that its recipe shows; none where their places cannot be told."""
        key = self.bench.source.raw, pair[1]
        if key not in self.script.seen:
            self.script.seen[key] = self._witnessed(planned, pair)
        return self.script.seen[key]

    def _witnessed(self, planned: Plan, pair: Pair) -> tuple[Seen, ...]:
        recipe = pair[1]
        request: dict[str, object] = {
            "builder": builder_names([recipe])[recipe],
            "alone": recipe.rehearsal is not None,
        }
        code = _WITNESS.read_text("utf-8")
        try:
            return read(self.bench.source, self.bench.witness(_suite(planned, pair), code, request))
        except Failed:
            return ()

    def _of_wrong(
        self, claim: Remark, planned: Plan, pair: Pair, wrong: Seen, run: Sequence[Seen]
    ) -> Shown | Remark | str:
        """Whether the contract's own test shows it, each time, and a rule, told so, calls it a fault."""
        asked, recipe = pair
        if pair not in self.planned.pairs:
            recipe = _at_one_line(self.program, recipe, wrong)
        if not applies(asked, recipe, self.program):
            return _note(claim, "nothing in view tells what the forward there is for")
        outcome = self._outcome(planned, (asked, recipe))
        if outcome.status is not Status.FAILED:
            return _not_shown(claim, outcome)
        there = wrong.way[-1].span
        program = corrected(self.program, [each for each in run if each.way[-1].span == there])
        found = [f for f in self.judge(program, ()) if f.rule in asked.proves and f.span == there]
        if any(f.fingerprint in {known.fingerprint for known in self._known} for f in found):
            return f"{found[0].rule} says so already"
        if not found or found[0].severity is Severity.NOTE:
            return _note(claim, f"{outcome.case} fails, and no rule takes it for a fault", shown=True)
        return Shown(self._claimed(claim, found[0]), (asked, recipe), program, planned)

    # A layer that ignores the mode

    def _of_class(self, claim: Remark, asked: Contract) -> Shown | Remark | str:
        """Whether the test of the class that holds the line is green once one call on it is left out."""
        recipe = next((r for c, r in self._applying(asked) if covers(self.program, r, claim.line)), None)
        if recipe is None:
            return _note(claim, "no test of that contract runs there")
        outcome = self._outcome(self.planned, (asked, recipe))
        if outcome.status is not Status.FAILED:
            return _not_shown(claim, outcome)
        suite = _suite(self.planned, (asked, recipe))
        for call, source in one_line.without(self.bench.source, claim.line):
            alone = gates.of(suite, self.bench.run(suite, source))
            if [each.status for each in alone] == [Status.PASSED]:
                finding = self._of_call(call, claim, asked)
                if finding is None:
                    return _note(claim, f"{outcome.case} fails because of it, which may be meant", shown=True)
                return Shown(finding, (asked, recipe), self.program, self.planned)
        return _note(claim, f"{outcome.case} fails, and not for that line alone", shown=True)

    def _applying(self, asked: Contract) -> list[Pair]:
        return [(c, r) for c, r in self.planned.pairs if c == asked]

    def _of_call(self, call: ast.Call, claim: Remark, asked: Contract) -> Finding | None:
        """What the rule would say of the call, unless something there says that it is meant."""
        function, broken = one_line.function_at(self.program, claim.line), one_line.broken_rule(call)
        known = self.program.names is not None and function in self.program.names.functions
        meant = one_line.is_meant(self.program, claim.line, function)
        if broken not in asked.proves or not known or meant:
            return None
        place = call.func if isinstance(call.func, ast.Call) else call  # of `nn.Dropout(0.5)(x)`, the layer
        span, subject = span_of(self.bench.source, place), ast.unparse(place.func)
        finding = rule(broken).finding(self.program, span, claim.text, function=function, subject=subject)
        found = self.judge(self.program, (replace(finding, claimed_by=self.by),))
        return next((self._claimed(claim, f) for f in found if f.claimed_by), None)

    # What a test can say of a whole function only

    def _of_the_rest(self, claim: Remark, asked: Contract) -> Remark | str:
        recipe = next((r for c, r in self._applying(asked) if covers(self.program, r, claim.line)), None)
        if recipe is None:
            return _note(claim, "no test of that contract runs there")
        outcome = self._outcome(self.planned, (asked, recipe))
        if outcome.status is not Status.FAILED:
            return _not_shown(claim, outcome)
        return _note(claim, f"{outcome.case} fails, and cannot tell for which line", shown=True)

    # What all share

    def _outcome(self, planned: Plan, pair: Pair) -> Outcome:
        """What the test says each time; broken, with the reason, where it does not say the same."""
        key = self.bench.source.raw, pair
        if key not in self.script.said:
            self.script.said[key] = self._run(planned, pair)
        return self.script.said[key]

    def _run(self, planned: Plan, pair: Pair) -> Outcome:
        suite = _suite(planned, pair)
        repeats = self.bench.repeats(suite, gates.REPEATS)
        dropped = gates.steady(suite, repeats).dropped
        return Outcome(dropped[0].case, Status.BROKEN, dropped[0].reason) if dropped else repeats[0][0]

    def _claimed(self, claim: Remark, finding: Finding) -> Finding:
        words = () if claim.text == finding.message else (f"{self.by} claims: {claim.text}",)
        return replace(finding, claimed_by=self.by, facts=(*finding.facts, *words))


def _suite(planned: Plan, pair: Pair) -> Suite:
    """The test of a contract by one recipe, alone in its file."""
    return builtin.write(replace(planned, recipes=(pair[1],), pairs=(pair,)))


def _at_one_line(program: Program, recipe: Recipe, seen: Seen) -> Recipe:
    """The script's own run, of which the forwards of that one line are looked at."""
    if recipe.rehearsal is None:
        return recipe
    there = seen.way[-1]
    forwards = [f for f in program.forwards if f.span == there.span]
    model = next((f.model for f in forwards), seen.call)
    name = f"{model} in {there.function or program.source.path.name}"
    return replace(
        recipe,
        target=Target("scenario", name, ("", there.function), recipe.target.classes),
        drives=(Drive(seen.call, frozenset(f.role for f in forwards), there.span.line),),
        values=(),
        rehearsal=replace(recipe.rehearsal, only=seen.call),
    )


def _not_shown(claim: Remark, outcome: Outcome) -> Remark | str:
    if outcome.status is Status.PASSED:
        return f"{outcome.case} passes and does not bear it out"
    return _note(claim, f"{outcome.case}: {outcome.message}")


def _note(claim: Remark, reason: str, *, shown: bool = False) -> Remark:
    return replace(claim, state="shown" if shown else "open", reason=reason)
