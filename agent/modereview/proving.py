"""Plan, write, run, fix, verify: what tests make of a file. Nothing is written yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from modereview.advisor import Advisor
from modereview.fix import Tools, mend, taken_back
from modereview.hunt import Hunt, hunt
from modereview.looking import judged, look_again
from modereview.plan import plan
from modereview.proof import Proof, with_mended
from modereview.records import Dropped, Finding, Outcome, Plan, Program, Recipe, Review, Suite, Verdict
from modereview.settings import Settings
from modereview.verify import confirm, expected_failures, without_dropped
from modereview.workbench import Bench, OwnTests
from modereview.write import builtin, gates
from modereview.write.complete import complete, with_pairs
from modereview.write.importing import with_import
from modereview.write.place import Placed, place, test_path

Tell: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Confirmed:
    """The test file as it will be, and what pytest itself makes of it."""

    placed: Placed
    verdicts: tuple[Verdict, ...]
    outcomes: tuple[Outcome, ...]  # on the file as it will be
    lost: tuple[Dropped, ...] = ()  # tests that run in the sandbox, and not there


def prove(
    found: Review, program: Program, bench: Bench, advisor: Advisor, settings: Settings, tell: Tell
) -> Review:
    """The review with what was planned, written, run, mended and verified."""
    tell("Finding out how to run it")
    where = test_path(found.source, settings.tests_dir)
    planned = advisor.recipes(plan(program, found.findings, bench.ask, where, given=settings.recipes))
    tell("Writing tests")
    suite = advisor.tests(planned, _written(planned, settings))
    tell("Running them on the file as it is")
    suite, before = _that_run(suite, bench, found.findings, program)
    tell("Mending what can be proved")
    theirs = bench.own_tests(planned.test_path)
    crashes: list[str] = []
    tools_for = partial(_tools, bench, theirs, settings, crashes.append)
    mended = mend(program, found.findings, (*before, *theirs.before), suite.cases, tools_for(suite))
    proof = Proof(planned, suite, before, mended)
    judge = partial(judged, settings=settings)
    proof, remarks = advisor.second_look(proof, judge, tools_for, settings.recipes)
    proof = replace(proof, mended=advisor.fixes(proof.mended, proof.suite.cases, tools_for(proof.suite)))
    tell("Putting faults in, to see whether the tests notice")
    proof, mutation = _telling(_grown(proof, bench, settings), bench)
    tell("Confirming with pytest")
    proof, mutation, confirmed = _confirmed(proof, mutation, bench, theirs)
    told = _told(found, proof, mutation, confirmed)
    not_run = (*told.not_run, *theirs.not_run, *dict.fromkeys(each.reason for each in confirmed.lost))
    errors = (*told.internal_errors, *dict.fromkeys(crashes))
    usage = advisor.usage(proof.suite)
    return replace(told, not_run=not_run, remarks=remarks, usage=usage, internal_errors=errors)


def _written(planned: Plan, settings: Settings) -> Suite:
    """The built-in tests of a plan."""
    suite = builtin.write(planned)
    if settings.fix and settings.unsafe_fixes:  # else a training on import stays a note that no test is about
        return with_import(suite, planned.findings)
    return suite


def _that_run(
    suite: Suite, bench: Bench, findings: tuple[Finding, ...], program: Program
) -> tuple[Suite, tuple[Outcome, ...]]:
    """The cases that reach their assertion and come out the same each time, with what they said."""
    repeats = bench.repeats(suite, gates.REPEATS)
    left = gates.left_to_callers(program)
    suite = gates.believed(gates.steady(suite, repeats), repeats[0], findings, left)
    return suite, gates.of(suite, repeats[0])


def _grown(proof: Proof, bench: Bench, settings: Settings) -> Proof:
    """The suite that a review of the mended file would write, and the cases that only this one has.

    A mend can make contracts apply: a dropout that is registered now has a mode to test.
    """
    planned, suite, mended = proof.planned, proof.suite, proof.mended
    if mended.source is bench.source:
        return proof
    there = replace(bench, source=mended.source)
    again = plan(mended.program, (), there.ask, planned.test_path, planned.load, settings.recipes)
    grown = builtin.write(with_pairs(complete(again, planned.pairs), proof.claimed))
    names = {case.name for case in grown.cases}
    grown, _ = _that_run(
        replace(grown, cases=(*grown.cases, *(c for c in suite.cases if c.name not in names))),
        there,
        (*planned.findings, *proof.claims),
        mended.program,
    )
    kept = {case.name for case in grown.cases}
    dropped = {each.case: each for each in (*suite.dropped, *grown.dropped)}
    left = tuple(each for name, each in dropped.items() if name not in kept)
    return replace(proof, suite=replace(grown, dropped=left))


def _tools(
    bench: Bench, theirs: OwnTests, settings: Settings, on_crash: Callable[[str], None], suite: Suite
) -> Tools:
    """What the fix loop may use."""
    return Tools(
        look=lambda source: look_again(source, settings),
        run=lambda source: (*bench.run(suite, source), *theirs.on(source)),
        fix=settings.fix,
        unsafe=settings.unsafe_fixes,
        unproved=settings.unproved,
        on_crash=on_crash,
    )


def _telling(proof: Proof, bench: Bench) -> tuple[Proof, Hunt]:
    """The proof with the tests that show a fault or notice one put in, and no others."""
    mended = proof.mended
    before, after = bench.on_each(proof.suite, [bench.source, mended.source])
    suite = gates.felt(gates.founded(proof.suite, after), after, (*proof.planned.findings, *proof.claims))
    mutation = hunt(suite, mended, after, _recipes(proof.planned), bench)
    suite = gates.keep(suite, before, mutation.catchers, mutation.noticing, mended.verdicts)
    told = replace(proof, suite=suite, before=before, after=after)
    return _judged_anew(told, without_dropped(mended.verdicts, suite.dropped)), mutation


def _judged_anew(proof: Proof, verdicts: tuple[Verdict, ...]) -> Proof:
    """The proof with other verdicts on the same findings: where a fix is proved no more, none is made."""
    pairs = zip(proof.mended.verdicts, verdicts, strict=True)
    lost = any(old.state == "fixed" != new.state for old, new in pairs)
    mended = replace(proof.mended, verdicts=verdicts)
    if not lost:
        return replace(proof, mended=mended)
    return replace(proof, mended=taken_back(mended, proof.planned.program, proof.before), after=proof.before)


def _recipes(planned: Plan) -> tuple[Recipe, ...]:
    """All that tests run: recipes that were searched, and those that needed no search."""
    return tuple(dict.fromkeys((*planned.recipes, *(recipe for _, recipe in planned.pairs))))


def _confirmed(proof: Proof, mutation: Hunt, bench: Bench, theirs: OwnTests) -> tuple[Proof, Hunt, Confirmed]:
    """The proof as far as pytest bears it out: else nothing is mended, or a test is left out."""
    confirmed = _by_pytest(proof, bench, theirs)
    if confirmed.verdicts != proof.mended.verdicts:
        proof = _judged_anew(proof, confirmed.verdicts)
        confirmed = _by_pytest(proof, bench, theirs)
    lost = gates.refused_by_pytest(confirmed.outcomes)
    if lost:  # no test is left behind that does not run
        suite = gates.drop(proof.suite, lost)
        mutation = mutation.without({each.case for each in lost}) if suite.cases else Hunt()
        proof = _judged_anew(replace(proof, suite=suite), without_dropped(confirmed.verdicts, lost))
        confirmed = replace(_by_pytest(proof, bench, theirs), lost=tuple(lost))
    return replace(proof, mended=replace(proof.mended, verdicts=confirmed.verdicts)), mutation, confirmed


def _by_pytest(proof: Proof, bench: Bench, theirs: OwnTests) -> Confirmed:
    """The test file as it will be, run by pytest itself on the file as it was and as it is mended."""
    suite, mended = proof.suite, proof.mended
    text = suite.render(expected_failures(mended.verdicts, gates.of(suite, proof.after), suite.cases))
    placed = place(suite.path, text)
    if not suite.cases:
        return Confirmed(placed, mended.verdicts, ())
    old, new = bench.with_pytest(placed.path, placed.text, (bench.source, mended.source))
    old, now = (*old, *theirs.before), (*new, *theirs.on(mended.source))
    return Confirmed(placed, confirm(mended.verdicts, old, now), new)


def _told(found: Review, proof: Proof, mutation: Hunt, confirmed: Confirmed) -> Review:
    """The review with all that came of it."""
    suite, placed = proof.suite, confirmed.placed
    return replace(
        with_mended(found, proof.mended),
        warnings=_not_ours(suite, placed) if suite.cases else (),
        suite=replace(suite, path=placed.path) if suite.cases else None,
        tried=() if suite.cases else suite.dropped,
        suite_text=placed.text if suite.cases else "",
        suite_before=placed.before,
        outcomes=confirmed.outcomes,
        killed=mutation.killed,
        survived=mutation.survived,
        equivalent=mutation.equivalent,
        reached=proof.planned.recipes,
        unreached=proof.planned.unreached,
        not_run=(*found.not_run, *(mutation.outside if suite.cases else _untested(proof, confirmed.lost))),
    )


def _untested(proof: Proof, lost: tuple[Dropped, ...]) -> tuple[str, ...]:
    """Why no test was written, where neither what was not reached nor pytest says it already."""
    if lost:
        return ()
    program, dropped = proof.planned.program, proof.suite.dropped
    unrun = [each for each in dropped if each.kind != "useless"]
    if unrun:
        return (f"no test could be kept; {unrun[-1].case} {unrun[-1].reason}.",)
    if dropped:
        return ("the tests that were tried show no fault, and notice none that is put in (-v lists them).",)
    if not proof.planned.unreached and ".backward(" in program.source.text:
        return (
            "Nothing in view tells which model it trains: give what runs it in a recipe "
            "([[tool.modereview.recipe]]).",
        )
    return ()


def _not_ours(suite: Suite, placed: Placed) -> tuple[str, ...]:
    """What is said of a test file that somebody else wrote, or edited."""
    if placed.path != suite.path:
        return (f"{suite.path.name} is none of modereview's: the tests go to {placed.path.name} beside it.",)
    if placed.edited:
        named = ", ".join(f"`{name}`" for name in placed.edited)
        return (
            f"{placed.path.name} keeps what this review would write otherwise, as it may be edited: {named}.",
        )
    return ()
