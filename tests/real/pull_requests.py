"""Real histories as pull requests: what the bot would say of them, and whether it reads their diffs right.

    python tests/real/pull_requests.py cases [--first N] [--last N] [--show]
    python tests/real/pull_requests.py diffs

Each case of cases.toml is a pull request twice. Turned round, it brings the fault in: the finding should be
new and its comment stand at a line of the diff. As it was, it repairs: nothing new should be told. `--show`
prints what would be posted.

The latest commits of every clone: each line that a diff is said to add must be that line of the new file.
The clones are named by MODEREVIEW_MIRROR or --mirror.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lay_out import Case, LayOutError, git, lay_out, mirror_of, read_cases
from modereview.github import checkout, event, words
from modereview.github.anchor import Anchor, anchor
from modereview.github.decide import concerning
from modereview.github.diff import hunks
from modereview.github.review import Wanted, review
from modereview.github.told import Told

sys.path.insert(0, str(Path(__file__).parents[1] / "github"))
from stage.repository import Repository

COMMITS = 40  # of each clone
ONLY_READ = Wanted({}, static="only read")


@dataclass(frozen=True)
class Said:
    """A finding that a pull request would be told, and where."""

    told: Told
    place: Anchor

    def __str__(self) -> str:
        where = f"{self.place.first}-{self.place.last}" if self.place.first else "the file"
        return f"at {self.place.path}:{where}\n{words.comment(self.told, self.place)}\n"


def said(case: Case, folder: Path, base: str, head: str) -> tuple[Said, ...]:
    """What the pull request from one side of a case to the other is told of the case's file."""
    repository = Repository(folder / f"{case.number}-{head}" / "repo")
    sides = [_files(case.root(folder, side)) for side in (base, head)]
    gone: dict[str, str | bytes | None] = {name: None for name in sides[0] if name not in sides[1]}
    named = event.read(repository.pull_request(sides[0], {**sides[1], **gone}))
    here = checkout.checkout(repository.folder, named.head, named.base)
    diff = here.diff(here.changed())
    return tuple(
        Said(each, anchor(each, diff.files[case.path]))
        for each in concerning(review(here, ONLY_READ, lambda _: None).handover, diff)
        if each.severity != "note" and each.path == case.path
    )


def _files(root: Path) -> dict[str, str | bytes | None]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.py")}


def word_for(case: Case, told: tuple[Said, ...]) -> str:
    """What became of a pull request, in a word."""
    if not told:
        return "nothing new"
    if not any(each.told.rule in (case.rule, *case.also) for each in told):
        return "another rule"
    return "at a line" if told[0].place.first else "at the file"


def cases(mirror: Path, first: int, last: int, show: bool) -> None:
    """Print how the bot takes each case, and the counts."""
    counts = {"brought in": Counter[str](), "repaired": Counter[str]()}
    for case in read_cases():
        if not first <= case.number <= last:
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            try:
                lay_out(case, mirror, folder)
            except LayOutError:
                counts["brought in"]["not in the mirror"] += 1
                continue
            for what, base, head in (("brought in", "new", "old"), ("repaired", "old", "new")):
                told = said(case, folder, base, head)
                word = word_for(case, told)
                counts[what][word] += 1
                print(f"{case.number:2} {case.repository} {what}: {word}", flush=True)
                print("\n".join(map(str, told)) if show else "", end="")
    for what, counter in counts.items():
        print(f"the fault {what}: {dict(counter)}")


def diffs(mirror: Path) -> None:
    """Print how many lines of the latest commits of all clones are read right."""
    heads = [*mirror.glob("*/repo/HEAD"), *mirror.glob("*/*/HEAD")]
    clones = sorted({head.parent for head in heads})
    counts = Counter(right for clone in clones for right in lines_read(clone))
    print(f"added lines read: {counts[True]} right, {counts[False]} wrong, in {len(clones)} clones")


def lines_read(clone: Path) -> Iterator[bool]:
    """For each line that the diffs of the latest commits add, whether it is read right."""
    listed = ("diff-tree", "-r", "--no-commit-id", "--name-only", "-z", "--diff-filter=AM")
    for commit in git(clone, "log", "--no-merges", "--format=%H", f"-{COMMITS}").decode().split():
        names = git(clone, *listed, commit, "--", "*.py").decode(errors="surrogateescape")
        for name in filter(None, names.split("\0")):
            shown = git(clone, "show", "--format=", "--no-color", commit, "--", name).decode(errors="replace")
            _, found, rest = shown.partition("\n@@ ")
            if found:
                file = git(clone, "show", f"{commit}:{name}").decode(errors="replace").split("\n")
                yield from _compared(f"@@ {rest}", file)


def _compared(patch: str, file: list[str]) -> Iterator[bool]:
    added = [line[1:] for line in patch.split("\n") if line.startswith("+")]
    numbers = sorted(number for hunk in hunks(patch) for number in hunk.added)
    same = [file[number - 1] for number in numbers] == added
    yield from [same] * len(added)


def main() -> None:
    parser = argparse.ArgumentParser(description="real histories as pull requests")
    parser.add_argument("what", choices=("cases", "diffs"))
    parser.add_argument("--mirror", type=Path, help="default: $MODEREVIEW_MIRROR")
    parser.add_argument("--first", type=int, default=1, help="the number of the first case")
    parser.add_argument("--last", type=int, default=10_000, help="the number of the last case")
    parser.add_argument("--show", action="store_true", help="print what would be posted")
    given = parser.parse_args()
    mirror = mirror_of(given.mirror)
    if given.what == "cases":
        cases(mirror, given.first, given.last, given.show)
    else:
        diffs(mirror)


if __name__ == "__main__":
    main()
