"""What a model claims of a file, tested: the contract that a claim names, on the code that holds its line.

claim -> recipe -> test -> runs -> what it is red for -> finding -> mend

A test that fails shows that something is wrong, not that the claim says what. So a claim is believed only
where the run itself leads through its line. For a mode: the forward ran there, or the switch behind it stands
there, and the rule, told what ran, calls it a fault. For a layer: the test is green without that one call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count, islice

from modereview.claims.forwards import of_forwards
from modereview.claims.layers import of_class
from modereview.claims.seen import WRONG
from modereview.claims.trial import Ended, Judge, Script, Shown, Trial, not_shown, note
from modereview.errors import ToolError
from modereview.fix import Tools, mend
from modereview.fix.compose import compose, line_after, moved_back, span_before
from modereview.llm.agent import Drop
from modereview.plan.contracts import contract
from modereview.proof import Proof
from modereview.records import (
    Contract,
    Finding,
    Fix,
    Given,
    Plan,
    Recipe,
    Remark,
    Source,
    Status,
    Suite,
    Verdict,
)
from modereview.verify import without_fix
from modereview.workbench import Bench
from modereview.write import builtin
from modereview.write.complete import with_pairs

__all__ = ["Judge", "ToolsFor", "prove"]

ToolsFor = Callable[[Suite], Tools]


def prove(
    claims: Sequence[Remark],
    proof: Proof,
    bench: Bench,
    judge: Judge,
    tools_for: ToolsFor,
    by: str,
    given: tuple[Given, ...] = (),
) -> tuple[Proof, tuple[Remark, ...], tuple[Drop, ...]]:
    """The proof with the claims that a test shows; those that none could show, as notes; the others."""
    notes: list[Remark] = []
    drops: list[Drop] = []
    script = Script(proof.planned, bench, given)
    for claim in claims:
        source = proof.mended.source
        there = replace(bench, source=source)
        trial = Trial(script, proof.planned, proof.mended, there, judge, by)
        try:
            found = _tried(trial, replace(claim, line=line_after(claim.line, bench.source, source)))
            if isinstance(found, Shown):
                proof = _with(proof, found, bench, tools_for)
        except ToolError:
            raise
        except Exception as error:  # whatever a model says, the review goes on
            found = note(claim, f"putting it to the test failed: {type(error).__name__}: {error}")
        if isinstance(found, Remark):
            notes.append(replace(found, line=claim.line))
        elif isinstance(found, str):
            drops.append((f"claim about line {claim.line}", found))
    return proof, tuple(notes), tuple(drops)


def _tried(trial: Trial, claim: Remark) -> Ended:
    """What came of a claim, whose line is one of the file as it is by now."""
    asked = contract(claim.contract)
    if asked is None or not asked.proves:
        return "it names no contract that shows a fault"
    known = next((f for f in trial.known if f.rule in asked.proves and f.span.line == claim.line), None)
    if known is not None:
        return f"{known.rule} says so already"
    if asked.id in WRONG:
        return of_forwards(trial, claim, asked)
    return of_class(trial, claim, asked) if asked.on == "module" else _of_a_run(trial, claim, asked)


def _of_a_run(trial: Trial, claim: Remark, asked: Contract) -> Remark | str:
    """What a test that looks at whole functions can say: that it passes, or fails somewhere."""
    recipe = trial.recipe(asked, claim.line)
    if recipe is None:
        return note(claim, "no test of that contract runs there")
    outcome = trial.outcome(trial.planned, (asked, recipe))
    if outcome.status is not Status.FAILED:
        return not_shown(claim, outcome)
    return note(claim, f"{outcome.case} fails, and cannot tell for which line", shown=True)


def _with(proof: Proof, shown: Shown, bench: Bench, tools_for: ToolsFor) -> Proof:
    """The proof with a finding that a claim led to, its test, and its mend if one holds."""
    proof = _tested(proof, shown, bench)
    tools, mended = tools_for(proof.suite), proof.mended
    rest = tools.look(mended.source)[1]
    done = mend(shown.program, (shown.finding,), mended.outcomes, proof.suite.cases, tools, known=rest)
    verdict = _of_its_class(_without_failed(done.verdicts[0], tools), shown.pair[1])
    verdict = _in_the_file(verdict, bench.source, mended.source)
    if done.source is mended.source:
        done = mended
    return replace(proof, mended=replace(done, verdicts=(*mended.verdicts, verdict)))


def _tested(proof: Proof, shown: Shown, bench: Bench) -> Proof:
    """The proof with the test in its suite, where it is not there already."""
    planned, (asked, recipe) = proof.planned, shown.pair
    kept = any(c.contract == asked.id and recipe.target.name in c.targets for c in proof.suite.cases)
    if kept and shown.pair in planned.pairs:
        return proof
    pair = asked, _named_apart(recipe, planned)
    planned = with_pairs(planned, [pair]).lacking(shown.plan)
    written = builtin.write(planned)
    case = next(c for c in written.cases if c.contract == asked.id and pair[1].target.name in c.targets)
    suite = replace(proof.suite, header=written.header, cases=(*proof.suite.cases, case))
    alone = replace(suite, cases=(case,))
    before, after = bench.on_each(alone, [bench.source, proof.mended.source])
    mended = replace(proof.mended, outcomes=(*proof.mended.outcomes, *after))
    return Proof(planned, suite, (*proof.before, *before), mended, (*proof.claimed, pair))


def _named_apart(recipe: Recipe, planned: Plan) -> Recipe:
    """The recipe under a name that no other has: one model may be called at two lines of a function."""
    names = {each.target.name for each in planned.recipes if each != recipe}
    numbered = (f"{recipe.target.name} {number}" for number in count(2))
    name = next(name for name in (recipe.target.name, *islice(numbered, len(names))) if name not in names)
    return replace(recipe, target=replace(recipe.target, name=name))


def _without_failed(verdict: Verdict, tools: Tools) -> Verdict:
    """The verdict without a fix that was tried and turned nothing green: no analysis speaks for it."""
    fix = verdict.fix
    if verdict.state != "suggested" or fix is None or not tools.fix or not (fix.safe or tools.unsafe):
        return verdict
    return without_fix(verdict.finding, verdict.proved_by, None, "no automatic fix")


def _of_its_class(verdict: Verdict, recipe: Recipe) -> Verdict:
    """The verdict with what is red of its own class: the test of a contract runs others as well."""
    if verdict.state == "fixed" or recipe.target.kind != "module":
        return verdict
    other = {case for case in verdict.proved_by if "[" in case and f"[{recipe.target.name}]" not in case}
    return replace(verdict, proved_by=tuple(case for case in verdict.proved_by if case not in other))


def _in_the_file(verdict: Verdict, original: Source, mended: Source) -> Verdict:
    """A verdict on a mended file, in places of the file as it was."""
    if original is mended:
        return verdict
    finding = verdict.finding
    finding = replace(
        finding,
        span=span_before(finding.span, original, mended),
        evidence=tuple(replace(e, span=span_before(e.span, original, mended)) for e in finding.evidence),
    )
    return replace(verdict, finding=finding, fix=_fix(verdict.fix, finding, original, mended))


def _fix(fix: Fix | None, finding: Finding, original: Source, mended: Source) -> Fix | None:
    if fix is None:
        return None
    earlier = compose(original, mended)
    return replace(fix, finding=finding, edits=tuple(moved_back(edit, earlier) for edit in fix.edits))
