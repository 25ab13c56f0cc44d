"""The diff of a pull request: which lines of the new files a comment can stand at.

https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files gives it file by file, as the hunks of a
unified diff; for files that are too big or binary it leaves the hunks out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]

_HEAD = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True)
class Hunk:
    """A stretch of the new file that the diff shows; lines are 1-based and both ends are in it."""

    first: int
    last: int
    added: frozenset[int]


@dataclass(frozen=True)
class FileDiff:
    """What a pull request does to one file."""

    path: str
    status: Status = "modified"
    formerly: str = ""  # its path in the base, where it was renamed
    hunks: tuple[Hunk, ...] = ()
    complete: bool = True  # False where GitHub leaves the hunks out

    def shows(self, first: int, last: int) -> bool:
        """Whether one hunk holds all these lines: a comment or a suggestion can span them."""
        return any(hunk.first <= first and last <= hunk.last for hunk in self.hunks)

    def adds(self, line: int) -> bool:
        """Whether the pull request wrote this line."""
        return any(line in hunk.added for hunk in self.hunks)

    def nearest(self, line: int, first: int, last: int) -> int:
        """The added line from `first` to `last` nearest to this one, else the nearest shown, else 0."""
        shown = [n for hunk in self.hunks for n in range(max(hunk.first, first), min(hunk.last, last) + 1)]
        added = [n for n in shown if self.adds(n)]
        return min(added or shown, key=lambda n: (abs(n - line), n), default=0)


@dataclass(frozen=True)
class Diff:
    """All files that a pull request changes, by their new path."""

    files: Mapping[str, FileDiff] = field(default_factory=dict)

    def present(self, path: str) -> FileDiff | None:
        """The change of a file that is still there."""
        file = self.files.get(path)
        return file if file and file.status != "removed" else None


def diff_of(files: Iterable[FileDiff]) -> Diff:
    """The diff as one value."""
    return Diff({file.path: file for file in files})


def hunks(patch: str) -> tuple[Hunk, ...]:
    """The hunks of a file's patch, as GitHub and git write it after the file's header."""
    found: list[Hunk] = []
    lines = patch.split("\n")
    for index, line in enumerate(lines):
        if head := _HEAD.match(line):
            first = int(head[1])
            length = 1 if head[2] is None else int(head[2])
            if length:
                added = _added(lines[index + 1 :], first, first + length)
                found.append(Hunk(first, first + length - 1, frozenset(added)))
    return tuple(found)


def _added(lines: Iterable[str], line: int, end: int) -> Iterable[int]:
    """The numbers of added lines, until the new side of the hunk is through."""
    for text in lines:
        if line >= end:
            return
        if text.startswith("+"):
            yield line
        if not text.startswith(("-", "\\")):
            line += 1
