"""What a line belongs to: a comment that cannot stand at the line itself may stand at another one of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def around(tree: ast.Module, line: int) -> tuple[tuple[int, int], ...]:
    """First and last lines of the functions and classes around a line, the innermost first.

    Of a line of the top level: those of the statements around it, up to the definitions before and after.
    """
    return tuple((first, last) for first, last in reversed(_blocks(tree)) if first <= line <= last)


@lru_cache(maxsize=1)  # asked for each finding of one file after the other
def _blocks(tree: ast.Module) -> tuple[tuple[int, int], ...]:
    """Runs of statements of the top level, then all definitions from the outer to the inner ones."""
    definitions = [node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)]
    return (*_runs(tree), *((node.lineno, node.end_lineno or node.lineno) for node in definitions))


def _runs(tree: ast.Module) -> Iterator[tuple[int, int]]:
    for defined, run in groupby(tree.body, lambda statement: isinstance(statement, _DEFINITIONS)):
        if not defined:
            statements = list(run)
            yield statements[0].lineno, statements[-1].end_lineno or statements[-1].lineno
