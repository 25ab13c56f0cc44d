"""Walks over a script's syntax tree that several parts of the plan need."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def is_main_guard(statement: ast.stmt) -> bool:
    """Whether it is `if __name__ == "__main__":`, which an import does not enter."""
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)


def level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of one scope: blocks are entered, functions and classes are not."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from level(getattr(statement, part, []))
        for handler in getattr(statement, "handlers", []):
            yield from level(handler.body)


def scopes(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    """The top level ("") and every function and method by its qualified name, with its statements."""
    yield "", tree.body
    pending = [("", s) for s in tree.body]
    while pending:
        prefix, statement = pending.pop()
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{prefix}{statement.name}"
            if not isinstance(statement, ast.ClassDef):
                yield name, statement.body
            pending += [(f"{name}.", inner) for inner in statement.body]


def pairs(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """(target as written, value) of an assignment; tuples of equal length are taken apart."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield ast.unparse(statement.target), statement.value
    if not isinstance(statement, ast.Assign):
        return
    for target in statement.targets:
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            yield from zip(map(ast.unparse, target.elts), statement.value.elts, strict=False)
        else:
            yield ast.unparse(target), statement.value
