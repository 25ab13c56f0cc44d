"""Which of the named paths can be reviewed: one bad file among several does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from modereview.errors import InputError
from modereview.parse import collect, read
from modereview.settings import Settings

Result = TypeVar("Result")


def readable(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings with every file by itself that can be read, and a sentence for each that cannot."""
    if settings.stdin:
        path, raw = settings.stdin
        _, unreadable = _sort_out(lambda path: read(path, raw=raw), [path])
        return (replace(settings, stdin=None) if unreadable else settings), tuple(unreadable)
    found, no_files = _sort_out(lambda path: collect([path], settings.exclude), settings.paths)
    files = list(dict.fromkeys(file for group in found for file in group))
    good, unreadable = _sort_out(_readable, files)
    return replace(settings, paths=tuple(good)), (*no_files, *unreadable)


def _readable(path: Path) -> Path:
    read(path)
    return path


def _sort_out(take: Callable[[Path], Result], paths: Iterable[Path]) -> tuple[list[Result], Sequence[str]]:
    """What `take` made of each path, and the sentences of those that it refused."""
    taken: list[Result] = []
    refused: list[str] = []
    for path in paths:
        try:
            taken.append(take(path))
        except InputError as error:
            refused.append(str(error))
    return taken, refused
