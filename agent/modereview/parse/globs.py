"""Which paths patterns mean: those of .gitignore files, of `exclude` and of `per-file-ignores` alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pathspec import GitIgnoreSpec

from modereview.errors import InputError


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether a path, relative to where the patterns count from, is meant; they read as in .gitignore."""
    return _spec(tuple(patterns)).match_file(name)


@cache
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise InputError(f"A pattern for paths is wrong: {error}.") from None


@dataclass(frozen=True)
class Ignored:
    """What the .gitignore files from the repository's root down to a folder take out, and `exclude`."""

    excluded: tuple[Path, tuple[str, ...]]  # the project's root, and patterns that count from it
    files: tuple[tuple[Path, GitIgnoreSpec], ...] = ()  # each folder with a .gitignore, outermost first

    def entering(self, folder: Path) -> Ignored:
        """With the folder's own .gitignore, if it has one that can be read."""
        try:
            lines = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
            return Ignored(self.excluded, (*self.files, (folder, GitIgnoreSpec.from_lines(lines))))
        except (OSError, ValueError):
            return self

    def holds(self, path: Path, *, folder: bool = False) -> bool:
        """Whether a path is taken out. A pattern in a deeper .gitignore wins over those above it."""
        root, patterns = self.excluded
        if patterns and path.is_relative_to(root) and matches(patterns, _name(path, root, folder)):
            return True
        for base, spec in reversed(self.files):
            decided = spec.check_file(_name(path, base, folder)).include
            if decided is not None:
                return decided
        return False


def ignored_above(folder: Path, root: Path, exclude: tuple[str, ...]) -> Ignored:
    """What holds in a folder before it is entered. A folder that is taken out itself was named on purpose."""
    above = Ignored((root, exclude))
    for each in _up_to_repository(folder):
        above = above.entering(each)
    return Ignored((root, ())) if folder != root and above.holds(folder, folder=True) else above


def _up_to_repository(folder: Path) -> list[Path]:
    """The folders above one, within its repository, outermost first; none outside of a repository."""
    if (folder / ".git").exists():
        return []
    for number, parent in enumerate(folder.parents, start=1):
        if (parent / ".git").exists():
            return list(reversed(folder.parents[:number]))
    return []


def _name(path: Path, base: Path, folder: bool) -> str:
    return path.relative_to(base).as_posix() + ("/" if folder else "")
