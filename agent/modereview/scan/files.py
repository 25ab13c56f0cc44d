"""Which files are looked at, in which order they are told, and which are known from earlier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from modereview import baseline
from modereview.analyze import walk
from modereview.errors import InputError
from modereview.parse import collect, find_root
from modereview.parse.read import LIMIT
from modereview.records import Review
from modereview.rules import Looked
from modereview.scan.answer import Answer, Task, answer, empty
from modereview.scan.cache import Cache, folder
from modereview.scan.pool import Lost, cores, each
from modereview.settings import Settings

SECONDS = 60.0  # for one file: the flow gives up after some seconds by itself, on a slow machine later


def scan(settings: Settings, tell: Callable[[str], None]) -> tuple[tuple[Review, ...], tuple[str, ...]]:
    """The reviews of all files that the settings name, in order, and a sentence for each that was refused."""
    files, refused = _files(settings)
    tasks = [_task(path, settings) for path in files]
    cache = Cache(folder() if settings.cache else None)
    answers: list[Answer | None] = [_known(task, cache) for task in tasks]
    fresh = [number for number, known in enumerate(answers) if known is None]
    fresh.sort(key=lambda number: _size(tasks[number].path), reverse=True)  # a long one at the end runs alone
    work = _Work(cache)
    for done, (index, result) in enumerate(each(work, [tasks[n] for n in fresh], SECONDS, cores()), start=1):
        task = tasks[fresh[index]]
        answers[fresh[index]] = _lost(task, result) if isinstance(result, Lost) else result
        tell(f"Read {done} of {len(fresh)} files: {task.path.name}")
    if fresh:
        cache.tidy()
    found = [a for a in answers if a is not None]
    reviews = tuple(_new(a.review, settings.known) for a in found if a.review is not None)
    return reviews, (*refused, *(a.refused for a in found if a.refused))


class _Work:
    """What the processes do: look at a file, and keep what came of it."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def __call__(self, task: Task) -> Answer:
        raw = _content(task.path)
        made = answer(task, raw)
        walk.forget()
        if raw is not None:
            self._cache.put(task, raw, made)
        return made


def _files(settings: Settings) -> tuple[list[Path], list[str]]:
    """One path that names nothing does not stop the others."""
    files: dict[Path, None] = {}
    refused: list[str] = []
    for path in settings.paths:
        try:
            files.update(dict.fromkeys(collect([path], settings.exclude)))
        except InputError as error:
            refused.append(str(error))
    return list(files), refused


def _task(path: Path, settings: Settings) -> Task:
    folder, root = _home(path.parent)
    place = folder / path.name
    return Task(place, root, settings.select, settings.ignored_in(place.relative_to(root).as_posix()))


@lru_cache(maxsize=4096)
def _home(parent: Path) -> tuple[Path, Path]:
    """The real folder of files, and the project it belongs to."""
    folder = parent.resolve()
    return folder, find_root(folder)


def _known(task: Task, cache: Cache) -> Answer | None:
    raw = _content(task.path)
    return cache.get(task, raw) if raw is not None else None


def _content(path: Path) -> bytes | None:
    """What the file holds; None where reading it is better left to `parse`, which says why."""
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= LIMIT else None
    except OSError:
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _lost(task: Task, lost: Lost) -> Answer:
    """A file without an answer: one that takes too long is told like one that branches too much."""
    source = empty(task)
    if lost.is_slow:
        return Answer(Review(source, not_run=(f"{source.name} was given up: {lost.why}.",), static=True))
    told = f"{source.name} could not be analyzed: {lost.why}"
    return Answer(Review(source, internal_errors=(told,), static=True))


def _new(review: Review, known: frozenset[str]) -> Review:
    """The review less what the baseline knows."""
    looked = baseline.without(Looked(review.findings, review.quiet), known)
    told = tuple(verdict for verdict in review.verdicts if verdict.finding in looked.found)
    return replace(review, findings=looked.found, quiet=looked.quiet, verdicts=told)
