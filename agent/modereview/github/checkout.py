"""The pull request in the local repository: what it changes, and its base laid out beside it.

Paths come from git's own records, not from the folder: a link, a submodule or a file outside is none of them.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modereview.errors import InputError
from modereview.github.diff import Diff, FileDiff, Status, diff_of, hunks

_FILES = ("*.py", "*.ipynb")
_PLAIN = ("100644", "100755")
_STATUSES: dict[str, Status] = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "T": "changed"}
# Nothing that a repository's settings could name is run: no hook, no external diff, no filter of large files.
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_OPTIONAL_LOCKS": "0"}
_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "-M")


@dataclass(frozen=True)
class Checkout:
    """A repository whose files are those of the pull request's head."""

    top: Path
    head: str
    base: str  # where the branch left its target: what GitHub compares with

    def changed(self) -> tuple[FileDiff, ...]:
        """The Python files and notebooks that differ, without their hunks; no links and the like."""
        words = _git(
            self.top, *_DIFF, "--raw", "-z", "--no-abbrev", self.base, self.head, "--", *_FILES
        ).split("\0")
        return tuple(_records(iter(words)))

    def diff(self, files: Sequence[FileDiff]) -> Diff:
        """The diff as GitHub shows it, of these files."""
        return diff_of(self._with_hunks(file) for file in files)

    def _with_hunks(self, file: FileDiff) -> FileDiff:
        sides = [file.formerly, file.path] if file.formerly else [file.path]
        literal = [f":(literal){side}" for side in sides]
        shown = _git(self.top, *_DIFF, self.base, self.head, "--", *literal)
        start = shown.find("\n@@ ")
        found = hunks(shown[start + 1 :]) if start >= 0 else ()
        return FileDiff(file.path, file.status, file.formerly, found)

    def brings(self, python: Path) -> bool:
        """Whether an interpreter, or its environment, is in part at least content of the branch."""
        environment = python if python.is_dir() else python.parent.parent
        places = {place for each in (python, environment) for place in (each, each.resolve())}
        inside = [place.relative_to(self.top) for place in places if place.is_relative_to(self.top)]
        literal = [f":(literal){place}" for place in inside]
        return bool(literal and _git(self.top, "ls-tree", "-r", self.head, "--", *literal))

    @contextmanager
    def base_files(self) -> Iterator[Path]:
        """The base in a folder of its own, gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="modereview-base-", ignore_cleanup_errors=True) as folder:
            place = Path(folder).resolve() / self.top.name
            _git(self.top, "worktree", "add", "--detach", "--force", str(place), self.base)
            try:
                yield place
            finally:
                _git(self.top, "worktree", "remove", "--force", str(place))


def checkout(here: Path, head: str, base: str) -> Checkout:
    """The repository around a folder, with the pull request's head in it.

    Raises InputError where it holds other files, or not enough history to find where the branch began.
    """
    top = Path(_git(here, "rev-parse", "--show-toplevel").rstrip("\n")).resolve()
    now = _git(top, "rev-parse", "HEAD").strip()
    if now != head:
        raise InputError(
            f"The repository is at {now[:12]}, the pull request at {head[:12]}. "
            "Give actions/checkout `ref: ${{ github.event.pull_request.head.sha }}`."
        )
    try:
        fork_point = _git(top, "merge-base", base, head).split()[0]
    except (InputError, IndexError):
        raise InputError(
            f"The history does not reach from {head[:12]} back to {base[:12]}. "
            "Give actions/checkout `fetch-depth: 0`."
        ) from None
    return Checkout(top, head, fork_point)


def _records(words: Iterator[str]) -> Iterator[FileDiff]:
    """`:oldmode newmode oldsha newsha status`, then one path, or two where the file was renamed."""
    for word in words:
        if not word.startswith(":"):
            continue
        _, new_mode, _, _, status = word[1:].split(" ")
        first = next(words)
        kind = _STATUSES.get(status[0], "changed")
        path = next(words) if status[0] in "RC" else first
        if kind == "removed" or new_mode in _PLAIN:
            yield FileDiff(path, kind, first if status[0] == "R" else "")


def _git(folder: Path, *words: str) -> str:
    """What git answers, its very bytes. Raises InputError."""
    command = ["git", *_SAFE, "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **_QUIET})
    except FileNotFoundError:
        raise InputError("git is not installed, and a pull request lies in a git repository.") from None
    if done.returncode:
        reason = os.fsdecode(done.stderr).strip().splitlines() or ["no reason given"]
        raise InputError(f"git {words[0]} failed in {folder}: {reason[-1]}")
    return os.fsdecode(done.stdout)
