"""What a static review of one file gives: a review or why there is none, and what it was made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from modereview import parse
from modereview.analyze import analyze
from modereview.errors import InputError
from modereview.records import Program, Review, Source
from modereview.rules import Looked, look
from modereview.scan.offers import offered

_NEIGHBOURS = 128  # files that are kept in memory because several scripts may import them


@dataclass(frozen=True)
class Task:
    """A file to look at, and the rules to look for; `known` findings are dealt with later."""

    path: Path
    root: Path  # its project
    select: tuple[str, ...]
    ignore: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What came of a task; `made_of` are (path, digest) of what was asked for it.

    These are files beside it, and the project where all its files were asked.
    """

    review: Review | None
    refused: str = ""
    made_of: tuple[tuple[Path, str], ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether it says something of the file rather than of a fault of ours."""
        return self.review is None or not self.review.internal_errors


@dataclass(frozen=True)
class _Told:
    """Asks other files of the project; what they answer may change with any of them, whoever answered."""

    asked: dict[Path, str]

    def caller(self, source: Source, function: str, *, inherits: bool = False) -> Path | None:
        self._note(source)
        return parse.elsewhere.caller(source, function, inherits=inherits)

    def careless_caller(self, source: Source, function: str) -> Path | None:
        self._note(source)
        return parse.elsewhere.careless_caller(source, function)

    def never_switches(self, source: Source) -> bool:
        self._note(source)
        return parse.elsewhere.never_switches(source)

    def maker(self, source: Source, name: str) -> Path | None:
        self._note(source)
        return parse.elsewhere.maker(source, name)

    def layered(
        self, source: Source, makers: Iterable[str], near: Path | None = None
    ) -> tuple[Path, str] | None:
        self._note(source)
        return parse.elsewhere.layered(source, makers, near)

    def has_all(self, source: Source) -> bool:
        self._note(source)
        return parse.elsewhere.has_all(source)

    def derives_from_module(self, source: Source, cls: str) -> bool:
        self._note(source)
        return parse.elsewhere.derives_from_module(source, cls)

    def _note(self, source: Source) -> None:
        if source.root not in self.asked:
            self.asked[source.root] = digest(source.root)


def answer(task: Task, raw: bytes | None = None) -> Answer:
    """Read, analyze and look. Never raises for what the file holds."""
    asked: dict[Path, str] = {}

    def near(path: Path, root: Path) -> Source:
        asked.setdefault(path, digest(path))
        return _neighbour(path, root, asked[path])

    try:
        source = parse.read(task.path, task.root, raw)
    except parse.EmptyError as error:  # the empty `__init__.py` among the files of a commit
        return Answer(Review(empty(task), not_run=(str(error),), static=True))
    except InputError as error:
        return Answer(None, str(error))
    crashes: list[str] = []

    def read(text: Source) -> tuple[Program, Looked]:
        program = analyze(text, near, elsewhere=_Told(asked), static=True)
        return program, look(program, task.select, task.ignore, crashes.append)

    try:
        program, looked = read(source)
    except Exception as error:  # a fault of ours ends this file, not the review
        told = f"{source.name} could not be analyzed: {type(error).__name__}: {error}".rstrip(": ")
        return Answer(Review(_slim(source), internal_errors=(told,), static=True))
    gave_up = (f"Not every path was followed: {program.gave_up}.",) if program.gave_up else ()
    offers = offered(program, looked.found, read, crashes) if looked.found else ()
    kept = replace(source) if looked.found or looked.quiet else _slim(source)
    review = Review(
        kept,
        looked.found,
        looked.quiet,
        verdicts=offers,
        not_run=gave_up,
        internal_errors=tuple(dict.fromkeys(crashes)),  # fixes may meet them again
        static=True,
    )
    return Answer(review, made_of=tuple(asked.items()))


def empty(task: Task) -> Source:
    """A file of which nothing is known but its place."""
    return Source(task.path, task.root, b"", "utf-8", "", "", "\n", (0,))


def _slim(source: Source) -> Source:
    """A source without its text: reports show none of it, and there may be very many."""
    return replace(source, raw=b"", text="", code="", line_offsets=(0,), cells=())


def digest(path: Path) -> str:
    """Of what a file holds, or of a project's files; "" where there is none that can be read."""
    try:
        state = path.stat()
        if S_ISDIR(state.st_mode):
            return parse.elsewhere.state(path)
        return _digest(path, state.st_mtime_ns, state.st_size) if S_ISREG(state.st_mode) else ""
    except OSError:
        return ""


@lru_cache(maxsize=4096)
def _digest(path: Path, changed: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=_NEIGHBOURS)
def _neighbour(path: Path, root: Path, content: str) -> Source:
    """A neighbour, read once while it stays the same; a copy, as the original holds its syntax tree."""
    if not content:
        raise InputError(f"{path} does not exist.")
    return replace(parse.read(path, root))
