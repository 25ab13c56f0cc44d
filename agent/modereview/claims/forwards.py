"""Claims about a mode: whether a forward that leads through the line ran in the wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from modereview.claims.seen import Seen, about, corrected, read
from modereview.claims.trial import Ended, Shown, Trial, not_shown, note, suite_of
from modereview.fix.compose import span_before
from modereview.plan.contracts import applies
from modereview.records import (
    Contract,
    Drive,
    Plan,
    Program,
    Recipe,
    Remark,
    Severity,
    Span,
    Status,
    Target,
    Unreached,
)
from modereview.run import Failed
from modereview.write.complete import Pair
from modereview.write.covering import covers
from modereview.write.naming import builder_names

_WITNESS = Path(__file__).with_name("witness.py")


def of_forwards(trial: Trial, claim: Remark, asked: Contract) -> Ended:
    """By the functions that a recipe drives, then by the script's own run, in its own order."""
    ran = told = came_by = given = False
    for planned, recipe in _runs(trial, claim.line, asked):
        ran, seen = True, _seen(trial, planned, (asked, recipe))
        here = [each for each in seen if about(trial.bench.source, claim.line, each)]
        told, came_by = told or bool(seen), came_by or bool(here)
        broken = [each for each in here if each.breaks(asked.id)]
        wrong = next((each for each in broken if _is_of_the_script(recipe, each)), None)
        given = bool(broken)  # the last is the script's own run, which says more than those before
        if wrong is not None:
            return _of_wrong(trial, claim, planned, (asked, recipe), wrong, seen)
    if _was_wrong(trial, claim, asked):
        return "what is mended already was the reason"
    own = trial.script.own_run[1]
    if given:  # a caller may have switched what the test built
        return note(claim, "so it ran in a test, but in the mode that its stand-ins were built in")
    if isinstance(own, Unreached):
        return note(claim, f"the script's own run was not reached: {own.error}")
    if not ran:
        return note(claim, "no test drives that line, and run by itself the file calls no model")
    if not came_by:
        why = "no forward that ran leads through that line"
        return note(claim, why if told else "where its forwards are called from could not be told")
    return "what ran there ran in the mode that it should"


def _is_of_the_script(recipe: Recipe, seen: Seen) -> bool:
    """Whether the script itself set the mode, in an order that is its own.

    Functions that are driven are handed a model by the test; only a schedule of the script repeats them.
    """
    if recipe.rehearsal is not None:
        return bool(seen.switch) or seen.built
    return bool(seen.switch) and (seen.round == 1 or len(recipe.drives) > 1)


def _runs(trial: Trial, line: int, asked: Contract) -> Iterator[tuple[Plan, Recipe]]:
    scenarios = (r for r in trial.planned.recipes if applies(asked, r, trial.program))
    driven = [recipe for recipe in scenarios if covers(trial.program, recipe, line)]
    yield from ((trial.planned, recipe) for recipe in driven)
    plan, own = trial.script.own_run
    if isinstance(own, Recipe) and own not in driven:
        yield trial.planned.lacking(plan), own


def _was_wrong(trial: Trial, claim: Remark, asked: Contract) -> bool:
    """Whether, before anything was mended, a forward that led through the line broke the contract."""
    before, now = trial.script.bench.source, trial.bench.source
    if before is now:
        return False
    line = span_before(Span(claim.line, 1, claim.line, 1), before, now).line
    was = replace(trial, bench=trial.script.bench)
    runs = (_seen(was, plan, (asked, recipe)) for plan, recipe in _runs(trial, claim.line, asked))
    return any(s.breaks(asked.id) and about(before, line, s) for run in runs for s in run)


def _seen(trial: Trial, planned: Plan, pair: Pair) -> tuple[Seen, ...]:
    """The forwards that its recipe shows; none where their places cannot be told."""
    key = trial.bench.source.raw, pair[1]
    if key not in trial.script.seen:
        trial.script.seen[key] = _witnessed(trial, planned, pair)
    return trial.script.seen[key]


def _witnessed(trial: Trial, planned: Plan, pair: Pair) -> tuple[Seen, ...]:
    recipe = pair[1]
    request: dict[str, object] = {
        "builder": builder_names([recipe])[recipe],
        "alone": recipe.rehearsal is not None,
    }
    code = _WITNESS.read_text("utf-8")
    try:
        return read(trial.bench.source, trial.bench.witness(suite_of(planned, pair), code, request))
    except Failed:
        return ()


def _of_wrong(
    trial: Trial, claim: Remark, planned: Plan, pair: Pair, wrong: Seen, run: Sequence[Seen]
) -> Ended:
    """Whether the contract's own test shows it, each time, and a rule, told so, calls it a fault."""
    asked, recipe = pair
    if pair not in trial.planned.pairs:
        recipe = _at_one_line(trial.program, recipe, wrong)
    if not applies(asked, recipe, trial.program):
        return note(claim, "nothing in view tells what the forward there is for")
    outcome = trial.outcome(planned, (asked, recipe))
    if outcome.status is not Status.FAILED:
        return not_shown(claim, outcome)
    there = wrong.way[-1].span
    program = corrected(trial.program, [each for each in run if each.way[-1].span == there])
    found = [f for f in trial.judge(program, ()) if f.rule in asked.proves and f.span == there]
    if any(f.fingerprint in {known.fingerprint for known in trial.known} for f in found):
        return f"{found[0].rule} says so already"
    if not found or found[0].severity is Severity.NOTE:
        return note(claim, f"{outcome.case} fails, and no rule takes it for a fault", shown=True)
    return Shown(trial.claimed(claim, found[0]), (asked, recipe), program, planned)


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
