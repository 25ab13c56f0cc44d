"""The file that a generated test will stand in: which names are there, and which of them it may use."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from modereview.records import Case, Suite
from modereview.write.answer import ImportLine, single_names

# Packages that a generated test may import.
ROOTS = {
    *("torch", "pytest", "math", "copy", "itertools", "functools", "random", "numpy", "collections", "types")
}

STAND_INS = {
    "SimpleNamespace",
    "MagicMock",
}  # of the standard library, harmless, and what recipes are made of


@dataclass(frozen=True)
class Ground:
    """The file that a test will stand in."""

    names: frozenset[str]  # bound at its top level: by the header, by cases and by their imports
    imports: frozenset[str]  # its import lines, one name each
    closed: frozenset[str]  # names of the header that serve to load the script, and its imports beyond ROOTS
    modules: frozenset[str]  # what the user's script imports, perhaps modules: `script.<name>` leads to them
    project: frozenset[str] = frozenset()  # of that, the classes and functions of the project: "nets.Net"

    def with_cases(self, cases: Iterable[Case]) -> Ground:
        """The file with these cases in it."""
        cases = tuple(cases)
        lines = frozenset(line for case in cases for line in case.imports)
        names = {name for node in ast.parse("\n".join(lines)).body for name in _bound(node)}
        names |= {case.name for case in cases}
        return replace(self, names=self.names | names, imports=self.imports | lines)

    def without(self, name: str) -> Ground:
        """The file before a test of that name came in."""
        return replace(self, names=self.names - {name})


def ground(suite: Suite, script: ast.Module, project: Collection[str] = ()) -> Ground:
    """What the test file and the user's script bind, before a model adds anything.

    `project` names what the script imports from the user's own files; see `Ground.project`.
    """
    body = ast.parse(suite.header).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = frozenset(ast.unparse(single) for node in imports for single in single_names(node))
    closed = {name for node in imports if package(node) not in ROOTS for name in _bound(node)} - STAND_INS
    closed |= {name for node in body if isinstance(node, ast.Assign) for name in _bound(node)} - {"script"}
    foreign = (node for node in script.body if isinstance(node, ast.Import | ast.ImportFrom))
    empty = Ground(
        names=frozenset(name for node in body for name in _bound(node)),
        imports=lines,
        closed=frozenset(closed | {"load_script"}),
        modules=frozenset(name for node in foreign if package(node) not in ROOTS for name in _bound(node)),
        project=frozenset(project),
    )
    return empty.with_cases(suite.cases)


def package(node: ImportLine) -> str:
    """The top-level package of an import; "." for a relative one."""
    if isinstance(node, ast.Import):
        return node.names[0].name.partition(".")[0]
    return "." if node.level else (node.module or "").partition(".")[0]


def _bound(node: ast.stmt) -> list[str]:
    """The names that a top-level statement binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return [
        child.id
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
    ]
