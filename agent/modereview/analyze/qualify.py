"""Names of a neighbour file, qualified by its module, so that several files share one flat namespace.

What `utils.py` calls `validate` and `best` at its top level the analysis calls `utils.validate` and
`utils.best`, wherever in that file they are meant; parameters and local variables keep their names.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, replace
from typing import TypeAlias

from modereview.analyze.torchfacts import CUSTOMARY

_ALWAYS_THERE = frozenset(dir(builtins))
_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Qualifier:
    """What a name of a file is called at a place. The file under review has no module and keeps its names."""

    module: str = ""
    # Names bound at the file's top level, imports anywhere included. Where it imports a `*`, that may be
    # every name that it reads.
    top: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()  # names bound by the functions around the place

    def name(self, name: str) -> str:
        """The name as the analysis knows it."""
        return f"{self.module}.{name}" if name in self.top and name not in self.local else name

    def inside(self, node: _Definition) -> Qualifier:
        """The same within a function."""
        return replace(self, local=self.local | _bound_by(node)) if self.module else self


def qualifier(module: str, tree: ast.Module) -> Qualifier:
    """For a neighbour that is imported as `module`."""
    found = {a.asname or a.name.partition(".")[0] for n in ast.walk(tree) for a in _aliases(n)}
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        else:
            found |= _stored(node)
            todo.extend(ast.iter_child_nodes(node))
    if "*" in found:
        found |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - _ALWAYS_THERE - CUSTOMARY.keys()
    return Qualifier(module, frozenset(found - {"*"}))


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def _stored(node: ast.AST) -> set[str]:
    return {node.id} if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) else set()


def _bound_by(function: _Definition) -> set[str]:
    """Parameters and variables of a function. Those of functions in it count too: they hide no less."""
    found: set[str] = set()
    told: set[str] = set()  # `global` names
    for node in ast.walk(function):
        found |= _stored(node)
        if isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Global):
            told |= set(node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node is not function:
            found.add(node.name)
    return found - told
