"""What an environment gives, where its package is not installed: noise to see, pay, and an end now and then.

Observations have the shape of one sample that the script's own model takes.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from typing import Any

from .changes import State

_REFUSED = re.compile(r"Mock|StandIn|not enough values to unpack")
_PAY, _ENDS = "1.0", "next(ends)"  # the runner brings `ends`
_STEPS = {4: f"{_PAY}, {_ENDS}, {{}}", 5: f"{_PAY}, {_ENDS}, False, {{}}"}  # of gym until 0.25, and since

Json = dict[str, Any]


def lived_in(tree: ast.Module, state: State, error: str) -> State | None:
    """The environments of a script stand in: their first observation, and each that a step gives."""
    changed = state
    for owner, parts in _stepped(tree).items():
        refused = _REFUSED.search(error) or _absent(tree, state, owner)
        if not refused or f"{owner}.step(...)" in state.known:
            continue
        seen = _observation(state)
        changed = changed.with_change(f"{owner}.step(...)", f"({seen}, {_STEPS[parts]})")
        pair = f"({seen}, {{}})"
        changed = changed.with_change(f"{owner}.reset(...)", pair if _in_pairs(tree, owner) else seen)
    return None if changed is state else changed


def _stepped(tree: ast.Module) -> dict[str, int]:
    """Environments by their names, and into how many parts what a step gives is taken apart."""
    found = {}
    for target, call in _assigned(tree, "step"):
        if isinstance(target, ast.Tuple) and len(target.elts) in _STEPS:
            found[ast.unparse(call.func.value)] = len(target.elts)  # type: ignore[attr-defined]
    return found


def _absent(tree: ast.Module, state: State, owner: str) -> bool:
    """Whether what makes the environment is of a package that is not there."""
    imports = [(n, a) for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names]
    missing = {
        a.asname or a.name.partition(".")[0]
        for n, a in imports
        if (n.module or "" if isinstance(n, ast.ImportFrom) else a.name).partition(".")[0] in state.absent
    }
    assigned = (n for n in ast.walk(tree) if isinstance(n, ast.Assign))
    made = (n.value for n in assigned if owner in map(ast.unparse, ast.walk(n.targets[0])))
    return any(isinstance(p, ast.Name) and p.id in missing for value in made for p in ast.walk(value))


def _in_pairs(tree: ast.Module, owner: str) -> bool:
    """Whether what a reset gives is taken apart, or its first part is read."""
    calls = [(t, c) for t, c in _assigned(tree, "reset") if ast.unparse(c.func.value) == owner]  # type: ignore[attr-defined]
    first = (n for n in ast.walk(tree) if isinstance(n, ast.Subscript))
    read = any(ast.unparse(n).startswith(f"{owner}.reset(") for n in first)
    return read or any(isinstance(target, ast.Tuple) for target, _ in calls)


def _assigned(tree: ast.Module, method: str) -> list[tuple[ast.expr, ast.Call]]:
    """(target, call) of each assignment of what a method gives."""
    assigned = (n for n in ast.walk(tree) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call))
    return [
        (n.targets[0], n.value)  # type: ignore[misc]
        for n in assigned
        if isinstance(n.value.func, ast.Attribute) and n.value.func.attr == method  # type: ignore[attr-defined]
    ]


def _observation(state: State) -> str:
    """One sample of what the model takes, as an array where there are some."""
    shape = state.choice.inputs[0].shape[1:] if state.choice.inputs else ()
    array = ".numpy()" if importlib.util.find_spec("numpy") else ""
    return f"torch.randn({', '.join(map(str, shape or (4,)))}){array}"
