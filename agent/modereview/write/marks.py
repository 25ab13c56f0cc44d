"""Strict xfail marks of known faults: put on a test, and taken off again."""

from __future__ import annotations

import ast
import re

_OURS = re.compile(r"pytest\.mark\.xfail\(strict=True, raises=AssertionError, reason='MR\d{3}")


def mark(code: str, reason: str) -> str:
    """A test that is expected to fail: the decorator above its others."""
    return f"@{_mark(reason)}\n{code}"


def mark_parameter(code: str, index: int, reason: str) -> str:
    """One parameter set of a test is expected to fail. Raises ValueError where it has no list of sets."""
    sets = _parameter_sets(code)
    if index >= len(sets):
        raise ValueError(f"no parameter set {index} to mark in:\n{code}")
    node = sets[index]
    return _replaced(code, node, f"pytest.param({ast.get_source_segment(code, node)}, marks={_mark(reason)})")


def count_marks(code: str) -> int:
    """How many marks of ours a test has."""
    return len(_OURS.findall(ast.unparse(ast.parse(code))))


def unmarked(code: str) -> str:
    """The test without the marks of ours."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        if _OURS.match(ast.unparse(node)):
            return unmarked(_replaced(code, node, "").removeprefix("@\n"))
        if _is_marked_set(node):
            return unmarked(_replaced(code, node, ast.unparse(node.args[0])))
    return code


def _mark(reason: str) -> str:
    return f"pytest.mark.xfail(strict=True, raises=AssertionError, reason={reason!r})"


def _is_marked_set(node: ast.Call) -> bool:
    keywords = [ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg == "marks"]
    return ast.unparse(node.func) == "pytest.param" and any(map(_OURS.match, keywords))


def _parameter_sets(code: str) -> list[ast.expr]:
    function = ast.parse(code).body[0]
    for decorator in getattr(function, "decorator_list", []):
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.parametrize":
            sets = decorator.args[1]
            return sets.elts if isinstance(sets, ast.List) else []
    return []


def _replaced(code: str, node: ast.expr, text: str) -> str:
    """The code with the source of one node replaced; `ast` counts columns in bytes."""
    raw, starts = code.encode(), [0]
    for line in raw.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    start = starts[node.lineno - 1] + node.col_offset
    end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
    return (raw[:start] + text.encode() + raw[end:]).decode()
