"""The half that runs a pull request's code: head and base are reviewed, nothing is posted.

What steers the review comes from the base: a stranger's branch does not choose its own settings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from modereview.github import tell
from modereview.github.checkout import Checkout
from modereview.github.diff import FileDiff
from modereview.github.told import Handover
from modereview.inputs import readable
from modereview.parse import find_root
from modereview.parse.collect import imports_torch
from modereview.parse.globs import matches
from modereview.records import Review
from modereview.report.words import amount
from modereview.review import review_all
from modereview.run import NoSandbox
from modereview.settings import Settings, load

_FILES = 300  # files that are reviewed; a change of more is no change of training scripts
_RUN = 40  # files whose tests are run: some seconds each


@dataclass(frozen=True)
class Wanted:
    """How the review was asked for."""

    given: dict[str, object]  # settings of the command line, by field name
    within: tuple[str, ...] = ()  # patterns of paths to keep to; empty for all
    static: str = ""  # why nothing may be run, a sentence; "" where it may
    offline: bool = False
    tests: bool = True


@dataclass(frozen=True)
class Reviewed:
    """What came of it."""

    reviews: tuple[Review, ...]
    handover: Handover


def review(checkout: Checkout, wanted: Wanted, told: Callable[[str], None]) -> Reviewed:
    """Review the changed files as they are, and read them as they were."""
    files = [file for file in checkout.changed() if file.status != "removed"]
    chosen = [file for file in files if _concerns(checkout.top, file, wanted.within)]
    notes = [wanted.static] if wanted.static and chosen else []
    if len(chosen) > _FILES:
        notes.append(f"Only the first {_FILES} of {len(chosen)} files were reviewed.")
    chosen = chosen[:_FILES]
    with checkout.base_files() as base:
        known = _known(checkout, base, chosen, wanted)
        reviews, refused = _head(checkout, base, chosen, wanted, told)
    handover = tell.handover(reviews, known, (checkout.head, checkout.base), checkout.top, [*notes, *refused])
    return Reviewed(reviews, handover if wanted.tests else replace(handover, tests=()))


def _head(
    checkout: Checkout, base: Path, files: Sequence[FileDiff], wanted: Wanted, told: Callable[[str], None]
) -> tuple[tuple[Review, ...], list[str]]:
    """Reviews of the files as the pull request has them, and sentences on those that cannot be."""
    reviews: list[Review] = []
    refused: list[str] = []
    for number, (settings, _) in enumerate(_by_project(checkout, base, files, wanted)):
        settings, unreadable = readable(settings)
        refused += unreadable
        if settings.python and not settings.static and checkout.brings(settings.python):
            settings = replace(settings, static=True)  # an interpreter is asked outside of the sandbox
            refused.append(
                "Only read, nothing is proved: the interpreter is one that the branch brings itself."
            )
        paths = settings.paths
        run, rest = paths[: max(_RUN - len(reviews), 0)], paths[max(_RUN - len(reviews), 0) :]
        for part, static in ((run, settings.static), (rest, True)):
            if part:
                looked, not_run = _review(replace(settings, paths=part, static=static), told)
                reviews += looked
                refused += not_run
        if rest and not settings.static:
            refused.append(f"{amount(len(rest), 'file')} of project {number + 1} only read: {_RUN} are run.")
    return tuple(reviews), refused


def _review(settings: Settings, told: Callable[[str], None]) -> tuple[tuple[Review, ...], list[str]]:
    """The reviews, and a sentence where the sandbox that is required does not work: then all is only read."""
    try:
        return review_all(settings, told), []
    except NoSandbox as why:
        return review_all(replace(settings, static=True), told), [f"Only read, nothing is proved: {why}"]


def _known(checkout: Checkout, base: Path, files: Sequence[FileDiff], wanted: Wanted) -> frozenset[str]:
    """Fingerprints of what the base has, under the names that the files have now."""
    fingerprints: set[str] = set()
    for settings, group in _by_project(checkout, base, files, replace(wanted, static="only read")):
        names = {
            base / (file.formerly or file.path): _name(checkout.top / file.path, settings) for file in group
        }
        there = tuple(path for path in names if _is_plain(path, base))
        old, _ = readable(replace(settings, paths=there, root=None))
        for each in review_all(old, lambda _: None) if old.paths else ():
            name = names[each.source.path]
            fingerprints |= {replace(f, source_name=name).fingerprint for f in each.findings}
    return frozenset(fingerprints)


def _by_project(
    checkout: Checkout, base: Path, files: Sequence[FileDiff], wanted: Wanted
) -> Iterator[tuple[Settings, list[FileDiff]]]:
    """The files of each project that the base has, with its settings: a branch makes itself no other one."""
    groups: dict[Path, list[FileDiff]] = {}
    for file in files:
        root = find_root(base / file.path)
        groups.setdefault(root.relative_to(base) if root.is_relative_to(base) else Path(), []).append(file)
    for inside, group in groups.items():
        settings = replace(_settings(checkout.top, base, base / inside, wanted), root=checkout.top / inside)
        kept = [
            file for file in group if not matches(settings.exclude, _name(checkout.top / file.path, settings))
        ]
        if kept:
            yield replace(settings, paths=tuple(checkout.top / file.path for file in kept)), kept


def _settings(top: Path, base: Path, root: Path, wanted: Wanted) -> Settings:
    """The base's settings, its paths for tests and interpreter turned to the head's folder."""
    settings = load(wanted.given, os.environ, root, top)
    settings = replace(
        settings,
        check=True,
        static=settings.static or bool(wanted.static),
        python=_moved(settings.python, base, top),
        tests_dir=_moved(settings.tests_dir, base, top),
    )
    return replace(settings, offline=True, model=None) if wanted.offline else settings


def _moved(path: Path | None, base: Path, top: Path) -> Path | None:
    return top / path.relative_to(base) if path and path.is_relative_to(base) else path


def _concerns(top: Path, file: FileDiff, within: Sequence[str]) -> bool:
    path = top / file.path
    inside = not within or matches(within, file.path)
    return inside and _is_plain(path, top) and imports_torch(path)


def _is_plain(path: Path, top: Path) -> bool:
    """A file of its own in this folder: whatever ran before may have put a link there."""
    try:
        return path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(top)
    except (OSError, RuntimeError):
        return False


def _name(path: Path, settings: Settings) -> str:
    """`Source.name` of a file."""
    assert settings.root is not None
    return path.relative_to(settings.root).as_posix()
