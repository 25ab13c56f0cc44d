"""Globals that a script sets only while it runs: a recipe of a target that reads them has to give them."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from modereview.plan.slots import reached
from modereview.plan.tree import is_main_guard
from modereview.records import Plan, Target
from modereview.write.context import models_of

# What these bind stays inside.
_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def unset(plan: Plan, target: Target) -> tuple[str, ...]:
    """The globals that a target and what it is built of read, and that are not there once it is loaded."""
    program = plan.program
    functions = {name for function in target.functions for name in reached(program, function)}
    classes = models_of(program, target)
    read = [name for f in program.functions if f.name in functions for name in f.reads]
    read += [name for node in program.source.tree.body if _is_one_of(node, classes) for name in _free(node)]
    late = _late(plan)
    return tuple(name for name in dict.fromkeys(read) if name in late)


def _late(plan: Plan) -> set[str]:
    """What the top level assigns and a test that has loaded the script does not find there."""
    body = plan.program.source.tree.body
    if plan.load == "definitions":
        return _assigned(body) - {name for name, _ in plan.program.constants}
    guarded = [statement for statement in body if is_main_guard(statement)]
    return _assigned(guarded) - _assigned(s for s in body if s not in guarded)


def _assigned(body: Iterable[ast.AST]) -> set[str]:
    """The names that statements of the top level assign, in blocks and loops, too."""
    found, waiting = set[str](), list(body)
    for node in waiting:  # grows meanwhile
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return found


def _is_one_of(node: ast.AST, classes: set[str]) -> bool:
    return isinstance(node, ast.ClassDef) and node.name in classes


def _free(node: ast.AST) -> list[str]:
    """The names that the methods of a class read and do not bind."""
    found = list[str]()
    for method in (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.FunctionDef)):
        names = [child for child in ast.walk(method) if isinstance(child, ast.Name)]
        bound = {child.arg for child in ast.walk(method) if isinstance(child, ast.arg)}
        bound |= {name.id for name in names if not isinstance(name.ctx, ast.Load)}
        found += [name.id for name in names if name.id not in bound]
    return found
