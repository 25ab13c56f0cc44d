"""What a script does only later in a long run, done at once: a short one would not come to it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from .changes import State

# When enough is collected: `len(memory) > 1000`, `step >= learning_starts`.
_LATER = re.compile(r"^(len\(.+\)|[\w.]+\.size\(\)) >=? |^[\w.]+ >=? [\w.]*(start|warm_?up)\w*$")

Json = dict[str, Any]


def oftener(tree: ast.Module, state: State, unseen: list[Json]) -> State | None:
    """What the script does every so many steps, done at each: a short run would not come to it."""
    return _at_once(tree, state, unseen, _counts)


def later(tree: ast.Module, state: State, unseen: list[Json]) -> State | None:
    """What the script does when it has collected enough, done at once."""
    return _at_once(tree, state, unseen, lambda part: _LATER.search(ast.unparse(part)) is not None)


def _counts(part: ast.Compare) -> bool:
    return isinstance(part.left, ast.BinOp) and isinstance(part.left.op, ast.Mod)


def _at_once(
    tree: ast.Module, state: State, unseen: list[Json], waits: Callable[[ast.Compare], bool]
) -> State | None:
    """Comparisons that keep the run from unseen lines, taken as true; None where there are none."""
    texts = {site["text"] for site in unseen}
    names = {function.rpartition(".")[2] for site in unseen for function in site["functions"]} - {""}
    changed = state
    for node in (n for n in ast.walk(tree) if isinstance(n, ast.If)):
        inside = ast.unparse(ast.Module(node.body, []))
        if any(f"{name}(" in inside for name in names) or any(_written(text) in inside for text in texts):
            for part in (n for n in ast.walk(node.test) if isinstance(n, ast.Compare) and waits(n)):
                text = ast.unparse(part)
                changed = changed if text in changed.known else changed.with_change(text, "True")
    return None if changed is state else changed


def _written(line: str) -> str:
    """A line of the script in the spelling of `ast.unparse`; as it is where it is part of a statement."""
    try:
        return ast.unparse(ast.parse(line))
    except SyntaxError:
        return line
