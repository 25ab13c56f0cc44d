"""A model that another file makes, and that cannot be built or takes no data here: one that takes anything.

What a script does to the mode of one model it does to that of any. Only a model that the script trains gives
way: one that it only asks may come in EVAL from where it is made.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

from .anyone import any_codes, with_parts
from .changes import State
from .statements import statement_at

_WRAPS = re.compile(r"(^|\.)(DataParallel|DistributedDataParallel|DDP|compile|to|cuda|load|initialize)$")
_OURS = ("torch", "nn", "F")

Json = dict[str, Any]


def made_elsewhere(job: Json, tree: ast.Module, state: State, answer: Json) -> State | None:
    """The model that failed replaced; where one was, the next that gives scores of another shape."""
    if (known := _known(job, state)) is not None:
        return known
    statement = statement_at(tree, answer["frames"][-1]) if answer["frames"] else None
    if statement is None:
        return None
    for name in _models(job, statement, answer["kind"]):
        made = [call for n in ast.walk(tree) if isinstance(n, ast.Assign) and (call := _made(tree, n, name))]
        if made and not state.known & set(map(ast.unparse, made)):
            for call in made:
                state = state.with_change(ast.unparse(call), _codes(job, name)[0])
            return replace(state, refused=0)
    return None


def _known(job: Json, state: State) -> State | None:
    """The next shape of scores, where a model was replaced and there is one."""
    for name in job["trains"]:
        codes = _codes(job, name)
        now = next((code for _, code in state.changes if code in codes[:-1]), None)
        if now is not None:
            following = codes[codes.index(now) + 1]
            changes = tuple((key, following if code == now else code) for key, code in state.changes)
            return replace(state, changes=changes, refused=0)
    return None


def _codes(job: Json, name: str) -> list[str]:
    codes = [with_parts(code, job["parts"].get(name, {})) for code in any_codes(job["gives"][:1])]
    return [code.replace("types.SimpleNamespace", "SimpleNamespace") for code in codes]


def _models(job: Json, statement: ast.stmt, kind: str) -> list[str]:
    """The trained models that the statement could not build, or that took no data in it."""
    targets = [ast.unparse(target) for target in getattr(statement, "targets", [])]
    called = [ast.unparse(n.func) for n in ast.walk(statement) if isinstance(n, ast.Call)]
    return [name for name in job["trains"] if name in targets or (kind == "forward" and name in called)]


def _made(tree: ast.Module, statement: ast.Assign, name: str) -> ast.Call | None:
    """The call that makes the model of that name, where what it calls is not of this file."""
    if ast.unparse(statement.targets[0]) != name:
        return None
    call: ast.expr = statement.value
    while isinstance(call, ast.Call) and _WRAPS.search(ast.unparse(call.func)):
        inner = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        call = next((part for part in (*call.args[:1], *inner) if isinstance(part, ast.Call)), call.func)
    if not isinstance(call, ast.Call):
        return None
    here = {n.name for n in ast.walk(tree) if isinstance(n, (ast.ClassDef, ast.FunctionDef))}
    root = re.match(r"\w+", ast.unparse(call.func))
    return call if root and root.group() not in {*here, *_OURS, name} else None
