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

from modereview import parse
from modereview.advisor import Model
from modereview.fix import Tools, mend, suggest
from modereview.looking import first_look, look_again
from modereview.parse.notebook import SUFFIX as NOTEBOOK
from modereview.proof import with_mended
from modereview.proving import Tell, prove
from modereview.records import Program, Review, Source
from modereview.run import Worker, choose_python
from modereview.settings import Settings
from modereview.workbench import Bench
from modereview.write.place import apart
from modereview.writing import written

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
    return written(reviews) if settings.writes else reviews


def review(path: Path, settings: Settings, worker_for: WorkerFor, model: Model, tell: Tell) -> Review:
    """Review one file: find, prove, mend. Nothing is written yet."""
    began = time.monotonic()
    tell(f"Reading {path.name}")
    not_run = _not_run(path, settings)
    source = parse.read(path, settings.root, settings.stdin[1] if settings.stdin else None)
    crashes: list[str] = []
    program, looked = first_look(source, settings, crashes)
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
        found = prove(found, program, bench, model.advisor(bench), settings, tell)
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
    return with_mended(found, mend(program, found.findings, (), (), _unrun(settings)))


def _unrun(settings: Settings) -> Tools:
    """What the fix loop may use where nothing is run."""
    return Tools(
        look=lambda source: look_again(source, settings),
        run=lambda _: (),
        fix=settings.fix,
        unsafe=settings.unsafe_fixes,
        unproved=settings.unproved,
    )
