"""Real histories as pull requests: what the bot would say of them, and whether it reads their diffs right.

    python tests/real/pull_requests.py [MIRROR]

Each case of cases.toml is a pull request twice. Turned round, it brings the fault in: the finding should be
new and its comment stand at a line of the diff. As it was, it repairs: nothing new should be told. Then the
latest commits of every clone: each line that the diff is said to add must be that line of the new file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lay_out import Case, LayOutError, git, lay_out, mirror_of, read_cases
from modereview.github import checkout, event
from modereview.github.anchor import anchor
from modereview.github.decide import concerning
from modereview.github.diff import hunks
from modereview.github.review import Wanted, review

sys.path.insert(0, str(Path(__file__).parents[1] / "github"))
from stage.repository import Repository

COMMITS = 40  # of each clone
ONLY_READ = Wanted({}, static="only read")


def told(case: Case, folder: Path, base: str, head: str) -> str:
    """What becomes of a pull request from one side of a case to the other, in a word."""
    repository = Repository(folder / f"{case.number}-{head}" / "repo")
    sides = [_files(case.root(folder, side)) for side in (base, head)]
    gone: dict[str, str | bytes | None] = {name: None for name in sides[0] if name not in sides[1]}
    named = event.read(repository.pull_request(sides[0], {**sides[1], **gone}))
    here = checkout.checkout(repository.folder, named.head, named.base)
    diff = here.diff(here.changed())
    new = [
        each
        for each in concerning(review(here, ONLY_READ, lambda _: None).handover, diff)
        if each.severity != "note" and each.path == case.path
    ]
    if not new:
        return "nothing new"
    if not any(each.rule in (case.rule, *case.also) for each in new):
        return "another rule"
    return "at a line" if anchor(new[0], diff.files[case.path]).first else "at the file"


def _files(root: Path) -> dict[str, str | bytes | None]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.py")}


def lines_read(clone: Path) -> tuple[int, int]:
    """How many lines the diffs of the latest commits add: those read right, and those read wrong."""
    right = wrong = 0
    for commit in git(clone, "log", "--no-merges", "--format=%H", f"-{COMMITS}").decode().split():
        names = git(
            clone,
            "diff-tree",
            "-r",
            "--no-commit-id",
            "--name-only",
            "-z",
            "--diff-filter=AM",
            commit,
            "--",
            "*.py",
        )
        for name in filter(None, names.decode(errors="surrogateescape").split("\0")):
            shown = git(clone, "show", "--format=", "--no-color", commit, "--", name).decode(errors="replace")
            if "\n@@ " not in shown:
                continue
            patch = shown[shown.index("\n@@ ") + 1 :]
            file = git(clone, "show", f"{commit}:{name}").decode(errors="replace").split("\n")
            added = [line[1:] for line in patch.split("\n") if line.startswith("+")]
            numbers = sorted(number for hunk in hunks(patch) for number in hunk.added)
            same = [file[number - 1] for number in numbers] == added
            right, wrong = right + same * len(added), wrong + (not same) * len(added)
    return right, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description="real histories as pull requests")
    parser.add_argument("mirror", type=Path, nargs="?", help="default: $MODEREVIEW_MIRROR")
    mirror = mirror_of(parser.parse_args().mirror)
    brought, repaired = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for case in read_cases():
            try:
                lay_out(case, mirror, folder)
            except LayOutError:
                brought["not in the mirror"] += 1
                continue
            brought[told(case, folder, "new", "old")] += 1
            repaired[told(case, folder, "old", "new")] += 1
    print(f"the fault brought in: {dict(brought)}\nthe fault repaired: {dict(repaired)}")
    clones = {head.parent for head in mirror.glob("*/repo/HEAD")} | {
        head.parent for head in mirror.glob("*/*/HEAD")
    }
    read = [lines_read(clone) for clone in sorted(clones)]
    right, wrong = sum(r for r, _ in read), sum(w for _, w in read)
    print(f"added lines read: {right} right, {wrong} wrong, in {len(read)} clones")


if __name__ == "__main__":
    main()
