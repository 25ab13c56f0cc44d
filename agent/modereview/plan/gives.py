"""What a script reads of what its models give: scores, a loss, several of them, a dict or an object.

Where a model is made elsewhere, that is all that is known of it: what stands in for it gives the same.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set

from modereview.plan.tree import scopes
from modereview.plan.uses import OF_TENSORS
from modereview.records import Program

_LOSS = re.compile(r"loss|^err", re.IGNORECASE)
_SCORES, _MEAN = "{scores}", "{scores}.mean()"  # one loss for the batch


def gives(program: Program, functions: Set[str]) -> list[str]:
    """What the models that these functions call should give, as code with `{scores}` in it; likeliest first.

    What training reads comes before what evaluating reads, and plain scores last.
    """
    wanted = [f for f in program.forwards if f.function in functions]
    lines = {f.span.line: f.role != "train" for f in wanted}
    callees = {f.model for f in wanted}
    found: list[tuple[bool, str]] = []
    for name, body in scopes(program.source.tree):
        nodes = [n for statement in body for n in ast.walk(statement)] if name in functions else []
        for call, statement in _calls(nodes, lines.keys(), callees):
            found.append((lines[call.lineno], _given(nodes, statement, call)))
    return list(dict.fromkeys([code for _, code in sorted(found, key=lambda pair: pair[0])] + [_SCORES]))


def _calls(nodes: list[ast.AST], lines: Set[int], callees: set[str]) -> Iterator[tuple[ast.Call, ast.Assign]]:
    """Each call of a model whose result is assigned, with its statement."""
    for statement in (n for n in nodes if isinstance(n, ast.Assign)):
        for call in (n for n in ast.walk(statement.value) if isinstance(n, ast.Call)):
            if call.lineno in lines and ast.unparse(call.func) in callees:
                yield call, statement


def _given(nodes: list[ast.AST], statement: ast.Assign, call: ast.Call) -> str:
    """The code for what one call should give."""
    value, target = statement.value, statement.targets[0]
    if isinstance(value, ast.Subscript) and value.value is call and isinstance(value.slice, ast.Constant):
        key = value.slice.value
        return _several(key + 1) if isinstance(key, int) else _named([str(key)], ast.unparse(target))
    if isinstance(value, ast.Attribute) and value.value is call and value.attr not in OF_TENSORS:
        return _named([f".{value.attr}"], ast.unparse(target))
    if value is not call:
        return _SCORES
    if isinstance(target, (ast.Tuple, ast.List)):
        parts = [_part(ast.unparse(part)) for part in target.elts if not isinstance(part, ast.Starred)]
        return f"({', '.join(parts)},)" if len(parts) == 1 else f"({', '.join(parts)})"
    return _used(nodes, ast.unparse(target))


def _used(nodes: list[ast.AST], name: str) -> str:
    """The code for an output that is kept whole: by what is read of it."""
    items = [n.slice for n in nodes if isinstance(n, ast.Subscript) and _is(n.value, name)]
    keys = [n.value for n in items if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    called = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
    read = [n for n in nodes if isinstance(n, ast.Attribute) and _is(n.value, name)]
    if any(n.attr == "backward" for n in read) or _LOSS.search(name):
        return _MEAN
    fields = [f".{n.attr}" for n in read if id(n) not in called and n.attr not in OF_TENSORS]
    if keys or fields:
        return _named(list(dict.fromkeys(keys or fields)), "")
    return _SCORES


def _named(keys: list[str], kept: str) -> str:
    """A dict, or an object where the keys are `.names`; a loss by its name, or that of what it is kept in."""
    parts = [(key, _MEAN if _LOSS.search(f"{key.strip('.')} {kept}") else _SCORES) for key in keys]
    if keys[0].startswith("."):
        return f"types.SimpleNamespace({', '.join(f'{key[1:]}={code}' for key, code in parts)})"
    return "{{" + ", ".join(f"{key!r}: {code}" for key, code in parts) + "}}"


def _several(count: int) -> str:
    return f"({', '.join([_SCORES] * count)}{',' * (count == 1)})"


def _part(name: str) -> str:
    return _MEAN if _LOSS.search(name) else _SCORES


def _is(node: ast.expr, name: str) -> bool:
    return ast.unparse(node) == name
