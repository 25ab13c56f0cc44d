"""How deep a syntax tree is. Later rooms walk trees by recursion, and libcst recurses even in long sums."""

from __future__ import annotations

import ast

LIMIT = 200  # levels; what Python's own parser allows parentheses


def too_deep(tree: ast.Module) -> ast.AST | None:
    """A node at which the tree is deeper than `LIMIT`, or None."""
    level: list[ast.AST] = [tree]
    for _ in range(LIMIT):
        level = [child for node in level for child in ast.iter_child_nodes(node) if not _small(child)]
        if not level:
            return None
    return level[0]


def _small(node: ast.AST) -> bool:
    """Whether a node is too short to be deep. Spares the walk through nearly every expression.

    A level of the tree takes a character of the text, except the last few (`Expr`, `Name`, `Load`).
    """
    if not isinstance(node, (ast.expr, ast.stmt)):
        return isinstance(node, (ast.expr_context, ast.operator, ast.alias))
    return node.lineno == node.end_lineno and (node.end_col_offset or 0) - node.col_offset < LIMIT // 2
