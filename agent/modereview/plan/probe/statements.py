"""Where in a script a line stands."""

from __future__ import annotations

import ast


def statement_at(tree: ast.AST, line: int) -> ast.stmt | None:
    """The innermost statement that holds a line."""
    holding = [
        n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or 0)
    ]
    return min(holding, key=lambda n: (n.end_lineno or 0) - n.lineno, default=None)
