"""The corridor of a run that only reads: parse -> analyze -> rules -> report, for many files at once.

Every file is looked at in a process of a pool, unless the cache remembers it. What its review keeps is the
findings, and the text where a report shows lines of it: memory does not grow with trees.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from modereview import version
from modereview.analyze import analyze
from modereview.cache import Cache, folder
from modereview.errors import InputError
from modereview.looks import Look, Memory, digest, stamp
from modereview.parallel import Failure, each
from modereview.parse import Content, decode, lay_out, load
from modereview.records import Review, Source
from modereview.rules import check, rules
from modereview.settings import Settings

LIMIT = 60.0  # seconds for one file; the flow gives up by itself after about a tenth of it


def review_files(
    paths: Sequence[Path], settings: Settings, tell: Callable[[str], None], refuse: Callable[[str], None]
) -> tuple[Review, ...]:
    """A review of each file, in their order. `refuse` hears why a file cannot be reviewed."""
    memory = _memory(settings)
    rules()  # imported here once, rather than in every process
    answers: dict[Path, Review | str] = {}

    def unknown() -> Iterator[Content]:
        """The files that no cache knows, read one by one as processes become free."""
        for path in paths:
            tell(f"Reading {path.name}")
            try:
                content = load(path)
            except InputError as error:
                answers[path] = str(error)
                continue
            known = memory.recall(content)
            answers[content.path] = _review(content, known) if known else ""
            if not known:
                yield content

    look_at = partial(look, select=settings.select, ignore=settings.ignore)
    for content, answer in each(look_at, unknown(), LIMIT):
        found = _told(answer)
        memory.keep(content, found)
        answers[content.path] = _review(content, found)
    memory.cache.trim()
    for why in answers.values():
        if isinstance(why, str):
            refuse(why)
    return tuple(review for review in answers.values() if isinstance(review, Review))


def look(content: Content, select: tuple[str, ...], ignore: tuple[str, ...]) -> Look:
    """Analyze one file and ask the rules."""
    began = time.monotonic()
    try:
        source = decode(content.path, content.root, content.raw)
    except InputError as error:
        return Look(refused=str(error))
    crashes: list[str] = []
    beside: dict[str, str] = {}

    def neighbour(path: Path, root: Path) -> Source:
        """A file beside it; what was there, or that nothing was, is part of what the look depends on."""
        name = path.relative_to(root).as_posix()
        beside[name] = ""
        file = load(path, root)
        beside[name] = digest(file.raw)
        return _parsed(file.path, file.root, file.raw)

    program = analyze(source, neighbours=neighbour)
    findings = check(program, select, ignore, crashes.append)
    left_out = (f"Not every path was followed: {program.gave_up}.",) if program.gave_up else ()
    return Look(
        findings, left_out, tuple(crashes), beside=tuple(beside.items()), seconds=time.monotonic() - began
    )


_parsed = lru_cache(16)(decode)  # the files of a folder import the same neighbours


def _told(answer: Look | Failure) -> Look:
    """What a process answered; where it could not, why."""
    if not isinstance(answer, Failure):
        return answer
    if answer.hung:
        return Look(not_run=(f"{answer.message}, and was left out".capitalize(),), lasting=False)
    return Look(internal_errors=(answer.message,), lasting=False)


def _review(content: Content, found: Look) -> Review | str:
    """What a report needs; the sentence alone for a file that cannot be reviewed."""
    if found.refused:
        return found.refused
    return Review(
        _source(content, bool(found.findings)),
        found.findings,
        not_run=found.not_run,
        internal_errors=found.internal_errors,
        seconds=found.seconds,
        static=True,
    )


def _source(content: Content, shown: bool) -> Source:
    """The file with its text if lines of it are shown, else its place alone."""
    if shown:
        return replace(lay_out(content.path, content.root, content.raw), raw=b"", line_offsets=())
    return Source(content.path, content.root, b"", "utf-8", "", "", "\n", ())


def _memory(settings: Settings) -> Memory:
    """The cache as this run may use it."""
    place = folder(os.environ) if settings.cache else None
    return Memory(Cache(place), stamp(version(), sys.version_info[:3], (settings.select, settings.ignore)))
