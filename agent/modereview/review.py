"""The corridor: one review is one value that passes through the rooms in one direction.

parse -> analyze -> rules -> plan -> write -> run -> fix -> verify -> report
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from modereview import baseline, parse
from modereview.advisor import Advisor, Model
from modereview.analyze import analyze
from modereview.errors import InputError
from modereview.fix import Mended, Tools, mend, suggest, taken_back
from modereview.hunt import Hunt, hunt
from modereview.journal import write_back
from modereview.parse.notebook import SUFFIX as NOTEBOOK
from modereview.plan import plan
from modereview.records import Finding, Outcome, Plan, Program, Recipe, Review, Source, Suite, Verdict
from modereview.rules import Looked, look
from modereview.run import Worker, choose_python
from modereview.settings import Settings
from modereview.uncommitted import is_changed
from modereview.verify import confirm, expected_failures, without_dropped
from modereview.workbench import Bench, OwnTests
from modereview.write import builtin, gates
from modereview.write.complete import complete
from modereview.write.importing import with_import
from modereview.write.place import Placed, apart, place, test_path

Tell: TypeAlias = Callable[[str], None]
WorkerFor: TypeAlias = Callable[[Source, Program], Worker]


def review_all(settings: Settings, tell: Tell) -> tuple[Review, ...]:
    """Review every file that the settings name; `tell` hears what is going on.

    Raises InputError for a file that cannot be read, ToolError where a part is missing.
    """
    model = Model(settings)
    with ExitStack() as open_workers:
        known: dict[Path, Worker] = {}

        def worker_for(source: Source, program: Program) -> Worker:
            """One sandbox for each project; it warms up while the next rooms work."""
            if source.root not in known:
                python = choose_python(settings.python, os.environ)
                sandboxed = settings.sandbox == "required"
                worker = Worker(source.root, python, settings.timeout, program.imports, sandboxed=sandboxed)
                known[source.root] = open_workers.enter_context(worker)
                worker.start()
            return known[source.root]

        paths = parse.collect(settings.paths, settings.exclude)
        paths += [settings.stdin[0]] if settings.stdin else []
        reviews = apart(review(path, settings, worker_for, model, tell) for path in paths)
    return _written(reviews) if settings.writes else reviews


def review(path: Path, settings: Settings, worker_for: WorkerFor, model: Model, tell: Tell) -> Review:
    """Review one file: find, prove, mend. Nothing is written yet."""
    began = time.monotonic()
    tell(f"Reading {path.name}")
    not_run = _not_run(path, settings)
    source = parse.read(path, settings.root, settings.stdin[1] if settings.stdin else None)
    crashes: list[str] = []
    program, looked = _look(source, settings, crashes)
    found = Review(source, looked.found, looked.quiet, internal_errors=tuple(crashes), not_run=not_run)
    if program.gave_up:
        found = replace(found, not_run=(*not_run, f"Not every path was followed: {program.gave_up}."))
    if settings.static or settings.stdin:
        offered = tuple(suggest(program, looked.found, _unrun(settings)))
        found = replace(found, verdicts=offered, static=True)
    elif source.cells:
        found = _mend_unrun(found, program, settings)
    else:
        bench = Bench(worker_for(source, program), source)
        found = _prove(found, program, bench, model.advisor(bench), settings, tell)
        found = replace(found, warnings=(*bench.worker.warnings, *found.warnings))
    return replace(found, seconds=time.monotonic() - began)


def _not_run(path: Path, settings: Settings) -> tuple[str, ...]:
    """Why a file is not run although the settings would have it; nothing where it is, or they would not."""
    if settings.static:
        return ()
    if settings.stdin:
        return ("What comes on standard input is only read.",)
    unproved = "Notebooks are not run, so no test proves a fix; --unproved writes fixes into their cells."
    return (unproved,) if path.suffix == NOTEBOOK else ()


def _mend_unrun(found: Review, program: Program, settings: Settings) -> Review:
    """The fixes of a file that no test can prove: offered, and made only where that is asked for."""
    return _with(found, mend(program, found.findings, (), (), _unrun(settings)))


def _unrun(settings: Settings) -> Tools:
    """What the fix loop may use where nothing is run."""
    return Tools(
        look=lambda source: _look_again(source, settings),
        run=lambda _: (),
        fix=settings.fix,
        unsafe=settings.unsafe_fixes,
        unproved=settings.unproved,
    )


def _with(found: Review, mended: Mended) -> Review:
    changed = mended.source.raw if mended.source.raw != found.source.raw else None
    return replace(found, verdicts=mended.verdicts, mended=changed)


def _look(source: Source, settings: Settings, crashes: list[str]) -> tuple[Program, Looked]:
    program = analyze(source, parse.read, callers=parse.caller)
    looked = look(program, settings.select, settings.ignored_in(source.name), crashes.append)
    return program, baseline.without(looked, settings.known)


def _look_again(source: Source, settings: Settings) -> tuple[Program, tuple[Finding, ...]]:
    """What is found after a mend; whatever crashed on the file as it was has been told."""
    program, looked = _look(source, settings, [])
    return program, looked.found


def _prove(
    found: Review, program: Program, bench: Bench, advisor: Advisor, settings: Settings, tell: Tell
) -> Review:
    """Plan, write, run, fix, verify. Nothing is written yet."""
    tell("Finding out how to run it")
    where = test_path(found.source, settings.tests_dir)
    planned = plan(program, found.findings, bench.ask, where, given=settings.recipes)
    planned = advisor.recipes(planned)
    tell("Writing tests")
    suite = builtin.write(planned)
    if settings.fix and settings.unsafe_fixes:  # else a training on import stays a note that no test is about
        suite = with_import(suite, found.findings)
    suite = advisor.tests(planned, suite)
    tell("Running them on the file as it is")
    suite, before = _that_run(suite, bench, found.findings, program)
    remarks = advisor.remarks(planned, found.findings, suite, before)
    tell("Mending what can be proved")
    theirs = bench.own_tests(planned.test_path)
    tools = _tools(suite, bench, theirs, settings)
    mended = mend(program, found.findings, (*before, *theirs.before), suite.cases, tools)
    mended = advisor.fixes(mended, suite.cases, tools)
    if mended.source is not found.source:
        suite = _suite_of_mended(planned, suite, mended, bench, settings)
    tell("Putting faults in, to see whether the tests notice")
    before, after = bench.on_each(suite, [found.source, mended.source])
    suite = gates.felt(gates.founded(suite, after), after, found.findings)
    mutation = hunt(suite, mended, after, _recipes(planned), bench)
    suite = gates.keep(suite, before, mutation.catchers, mutation.noticing, mended.verdicts)
    mended = replace(mended, verdicts=without_dropped(mended.verdicts, suite.dropped))
    tell("Confirming with pytest")
    placed, verdicts, outcomes = _confirmed(suite, mended, after, bench, theirs)
    if any(old.state != new.state for old, new in zip(mended.verdicts, verdicts, strict=True)):
        mended, after = taken_back(mended, program, before), before
        placed, verdicts, outcomes = _confirmed(suite, mended, after, bench, theirs)
    lost = gates.refused_by_pytest(outcomes)
    if lost:  # no test is left behind that does not run
        suite = gates.drop(suite, lost)
        mutation = mutation.without({each.case for each in lost}) if suite.cases else Hunt()
        mended = replace(mended, verdicts=without_dropped(verdicts, lost))
        placed, verdicts, outcomes = _confirmed(suite, mended, after, bench, theirs)
    return replace(
        _with(found, replace(mended, verdicts=verdicts)),
        warnings=_not_ours(suite, placed) if suite.cases else (),
        suite=replace(suite, path=placed.path) if suite.cases else None,
        suite_text=placed.text if suite.cases else "",
        suite_before=placed.before,
        outcomes=outcomes,
        killed=mutation.killed,
        survived=mutation.survived,
        equivalent=mutation.equivalent,
        reached=planned.recipes,
        unreached=planned.unreached,
        not_run=(
            *found.not_run,
            *(mutation.outside if suite.cases else ()),
            *theirs.not_run,
            *dict.fromkeys(each.reason for each in lost),
        ),
        remarks=remarks,
        usage=advisor.usage(suite),
    )


def _recipes(planned: Plan) -> tuple[Recipe, ...]:
    """All that tests run: recipes that were searched, and those that needed no search."""
    return tuple(dict.fromkeys((*planned.recipes, *(recipe for _, recipe in planned.pairs))))


def _that_run(
    suite: Suite, bench: Bench, findings: tuple[Finding, ...], program: Program
) -> tuple[Suite, tuple[Outcome, ...]]:
    """The cases that reach their assertion and come out the same each time, with what they said."""
    repeats = bench.repeats(suite, gates.REPEATS)
    left = gates.left_to_callers(program)
    suite = gates.believed(gates.steady(suite, repeats), repeats[0], findings, left)
    return suite, gates.of(suite, repeats[0])


def _suite_of_mended(planned: Plan, suite: Suite, mended: Mended, bench: Bench, settings: Settings) -> Suite:
    """The suite that a review of the mended file would write, and the cases that only this one has.

    A mend can make contracts apply: a dropout that is registered now has a mode to test.
    """
    there = replace(bench, source=mended.source)
    again = plan(mended.program, (), there.ask, planned.test_path, planned.load, settings.recipes)
    grown = builtin.write(complete(again, planned.pairs))
    names = {case.name for case in grown.cases}
    grown, _ = _that_run(
        replace(grown, cases=(*grown.cases, *(c for c in suite.cases if c.name not in names))),
        there,
        planned.findings,
        mended.program,
    )
    kept = {case.name for case in grown.cases}
    dropped = {each.case: each for each in (*suite.dropped, *grown.dropped)}
    return replace(grown, dropped=tuple(each for name, each in dropped.items() if name not in kept))


def _tools(suite: Suite, bench: Bench, theirs: OwnTests, settings: Settings) -> Tools:
    """What the fix loop may use."""
    return Tools(
        look=lambda source: _look_again(source, settings),
        run=lambda source: (*bench.run(suite, source), *theirs.on(source)),
        fix=settings.fix,
        unsafe=settings.unsafe_fixes,
        unproved=settings.unproved,
    )


def _confirmed(
    suite: Suite, mended: Mended, after: tuple[Outcome, ...], bench: Bench, theirs: OwnTests
) -> tuple[Placed, tuple[Verdict, ...], tuple[Outcome, ...]]:
    """The test file as it will be, run by pytest itself on the file as it was and as it is mended."""
    text = suite.render(expected_failures(mended.verdicts, gates.of(suite, after), suite.cases))
    placed = place(suite.path, text)
    if not suite.cases:
        return placed, mended.verdicts, ()
    old, new = bench.with_pytest(placed.path, placed.text, (bench.source, mended.source))
    old, now = (*old, *theirs.before), (*new, *theirs.on(mended.source))
    return placed, confirm(mended.verdicts, old, now), new


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


def _written(reviews: tuple[Review, ...]) -> tuple[Review, ...]:
    """Write all files of a project at once, so that undo takes the whole review back.

    Where that fails nothing of the project is written, and its reviews say why: what was found is not lost.
    """
    refused: dict[Path, str] = {}
    for root in dict.fromkeys(review.source.root for review in reviews):
        changes = {p: c for r in reviews if r.source.root == root for p, c in _changes(r).items()}
        try:
            write_back(root, changes)
        except InputError as error:
            refused[root] = str(error)
    return tuple(
        replace(review, not_written=refused[review.source.root])
        if review.source.root in refused
        else replace(
            review, written=tuple(_changes(review)), warnings=(*review.warnings, *_on_top_of_edits(review))
        )
        for review in reviews
    )


def _on_top_of_edits(review: Review) -> tuple[str, ...]:
    """What is said where a file was mended that had changes which are in no commit."""
    source = review.source
    if review.mended is None or not is_changed(source.path.resolve(), source.raw):
        return ()
    on_top = "the fix is made on top of them, and `modereview undo` leads back to them"
    return (f"{source.name} had changes that are not committed: {on_top}.",)


def _changes(review: Review) -> dict[Path, tuple[bytes | None, bytes]]:
    """What becomes of the files of a review: the content it expects, and the new one."""
    changes: dict[Path, tuple[bytes | None, bytes]] = {}
    if review.mended is not None:
        changes[review.source.path] = (review.source.raw, review.mended)
    if review.suite is not None and review.suite_text.encode() != review.suite_before:
        changes[review.suite.path] = (review.suite_before, review.suite_text.encode())
    return changes
