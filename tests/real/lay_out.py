"""Lays the cases out from a mirror of their repositories: the faulty and the repaired side of each.

    python tests/real/lay_out.py FOLDER [MIRROR]

MIRROR (or the environment variable MODEREVIEW_MIRROR) holds clones as `owner/name`, `owner/name.git`,
`owner+name` or `owner+name/repo`, bare or with a work tree. Each side gets every .py file of the repository,
as people have it who run the review, and an empty pyproject.toml that marks the project's root.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

CASES = Path(__file__).with_name("cases.toml")
SIDES = ("old", "new")


class LayOutError(Exception):
    """What keeps a case from being laid out, as a sentence."""


@dataclass(frozen=True)
class Case:
    """One repair: the fields of cases.toml, and its number in the file."""

    number: int
    repository: str
    fix: str
    parent: str
    path: str
    rule: str
    line: int
    accept: tuple[tuple[int, int], ...]  # first and last lines, both included
    scope: Literal["file", "project"]
    wrong: str
    also: tuple[str, ...] = ()

    def root(self, folder: Path, side: str) -> Path:
        """Where a side's repository root lies once it is laid out."""
        return folder / f"{self.number:02}-{self.repository.replace('/', '+')}-{self.fix[:8]}" / side


def read_cases(path: Path = CASES) -> tuple[Case, ...]:
    """The cases in the file's order, numbered from 1."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    return tuple(
        Case(**{**e, "number": n, "accept": tuple(map(tuple, e["accept"])), "also": tuple(e.get("also", ()))})
        for n, e in enumerate(entries, 1)
    )


def git_folder(mirror: Path, repository: str) -> Path:
    """The clone of a repository in the mirror; LayOutError if there is none."""
    flat = repository.replace("/", "+")
    for name in (repository, f"{repository}.git", f"{flat}/repo", flat):
        for folder in (mirror / name / ".git", mirror / name):
            if (folder / "HEAD").is_file():
                return folder
    raise LayOutError(f"{repository}: no clone of it in {mirror}; clone it to {mirror / repository}.")


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """What a git command prints; LayOutError with git's own words if it fails."""
    command = ["git", "-c", "safe.directory=*", f"--git-dir={folder}", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True)
    if done.returncode != 0:
        raise LayOutError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def blobs(folder: Path, commit: str, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file that the clone holds; a partial clone may lack some."""
    names = "".join(f"{commit}:{path}\n" for path in paths).encode()
    output = git(folder, "cat-file", "--batch", stdin=names)
    for path in paths:
        head, _, output = output.partition(b"\n")
        if not head.endswith(b" missing"):
            size = int(head.rpartition(b" ")[2])
            yield path, output[:size]
            output = output[size + 1 :]


def sources(folder: Path, commit: str) -> list[str]:
    """The paths of all .py files at a commit; those that no file system would take by that name left out."""
    listed = git(folder, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    names = listed.decode(errors="replace").split("\0")
    return [name for name in names if name.endswith(".py") and name.isprintable() and "\ufffd" not in name]


def lay_out_side(case: Case, mirror: Path, root: Path, commit: str) -> None:
    """Write one side of a case; LayOutError if its own file is not there."""
    folder = git_folder(mirror, case.repository)
    files = dict(blobs(folder, commit, sources(folder, commit)))
    if case.path not in files:
        raise LayOutError(f"{case.repository}: {case.path} is not in the clone at {commit}.")
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "pyproject.toml").touch()


def lay_out(case: Case, mirror: Path, folder: Path) -> None:
    """Write both sides of a case."""
    for side, commit in zip(SIDES, (case.parent, case.fix), strict=True):
        lay_out_side(case, mirror, case.root(folder, side), commit)


def laid_out(mirror: Path, only: list[int] | None) -> Iterator[tuple[Case, Path]]:
    """Each case of these numbers, or of all, with the folder that holds its sides; gone when all are done.

    Ends the program where a case cannot be laid out.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        for case in read_cases():
            if not only or case.number in only:
                try:
                    lay_out(case, mirror, folder)
                except LayOutError as error:
                    sys.exit(str(error))
                yield case, folder


def mirror_of(argument: Path | None) -> Path:
    """The mirror that was named, on the command line or in the environment; ends the program if none was."""
    named = argument or os.environ.get("MODEREVIEW_MIRROR")
    if not named:
        sys.exit("Name the mirror: as an argument or in MODEREVIEW_MIRROR (see tests/real/README.md).")
    return Path(named)


def main() -> None:
    parser = argparse.ArgumentParser(description="lay the real cases out from a mirror")
    parser.add_argument("folder", type=Path, help="where to write them")
    parser.add_argument("mirror", type=Path, nargs="?", help="default: $MODEREVIEW_MIRROR")
    arguments = parser.parse_args()
    mirror = mirror_of(arguments.mirror)
    for case in read_cases():
        try:
            lay_out(case, mirror, arguments.folder)
        except LayOutError as error:
            print(f"not laid out: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
