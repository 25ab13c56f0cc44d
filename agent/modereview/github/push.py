"""`push-fixes`: proved fixes and tests as one commit on the pull request's own branch.

Made by the API, so that no code of the branch is checked out where the token can write. Only what the diff
already holds is mended, and only test files of ours are added.

https://docs.github.com/en/rest/git
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from modereview.github.answers import Json, Object, Refused
from modereview.github.diff import Diff
from modereview.github.pull import Pull
from modereview.github.told import Change, Handover

_TESTS = re.compile(r"(?:[\w.-]+/)*test_[\w]+_modes\.py")
_MESSAGE = (
    "Mend train and eval modes, with tests\n\nProved by modereview: each fix turns a failing test green.\n"
)


def push(pull: Pull, handover: Handover, diff: Diff) -> str:
    """Commit them, and say in a sentence how that went."""
    head, branch, own = pull.commits()
    if not own:
        return "The branch lies in a fork: fixes are suggested there, not pushed."
    if head != handover.head:
        return "The branch has moved on: nothing was pushed. The next run will."
    changes = wanted(handover, diff)
    if not changes:
        return "There is no proved fix to push."
    try:
        _commit(pull, head, branch, changes)
    except Refused as refused:
        return f"Nothing was pushed: GitHub refused it ({refused})."
    return f"Pushed to {branch}: {', '.join(change.path for change in changes)}."


def wanted(handover: Handover, diff: Diff) -> tuple[Change, ...]:
    """Mended files that the pull request changes anyway, and with them their tests."""
    mended = tuple(change for change in handover.mended if diff.present(change.path) and _plain(change.path))
    tests = tuple(
        change for change in handover.tests if _TESTS.fullmatch(change.path) and _plain(change.path)
    )
    return (*mended, *tests) if mended else ()


def _plain(path: str) -> bool:
    """Whether a path is a Python file's, and none of git's or of GitHub's own folders."""
    parts = path.split("/")
    return path.endswith(".py") and not any(part in ("", ".", "..") or part[0] == "." for part in parts)


def _commit(pull: Pull, head: str, branch: str, changes: Sequence[Change]) -> None:
    git = f"{pull.at}/git"
    parent = pull.client.get(f"{git}/commits/{head}")
    tree: Json = [
        {
            "path": change.path,
            "mode": "100755" if change.executable else "100644",
            "type": "blob",
            "content": change.content,
        }
        for change in changes
    ]
    made = pull.client.send("POST", f"{git}/trees", {"base_tree": _sha_of_tree(parent), "tree": tree})
    body: Object = {"message": _MESSAGE, "tree": made["sha"], "parents": [head]}
    commit = pull.client.send("POST", f"{git}/commits", body)
    # Without force: what somebody pushed meanwhile is never lost.
    ref = quote(f"heads/{branch}", safe="")
    pull.client.send("PATCH", f"{git}/refs/{ref}", {"sha": commit["sha"], "force": False})


def _sha_of_tree(commit: Json) -> Json:
    tree = commit.get("tree") if isinstance(commit, dict) else None
    return tree.get("sha") if isinstance(tree, dict) else None
