"""What a line belongs to: a comment that cannot stand at the line itself may stand at another one of it."""

from __future__ import annotations

import ast
from functools import lru_cache


def around(tree: ast.Module, line: int) -> tuple[int, int] | None:
    """First and last line of the innermost function around a line, else of the statement of the top level."""
    found = [(first, last) for first, last in _blocks(tree) if first <= line <= last]
    return found[-1] if found else None


@lru_cache(maxsize=1)  # asked for each finding of one file after the other
def _blocks(tree: ast.Module) -> tuple[tuple[int, int], ...]:
    """The statements of the top level, then all functions from the outer to the inner ones."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return tuple((node.lineno, node.end_lineno or node.lineno) for node in (*tree.body, *functions))
