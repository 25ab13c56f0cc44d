"""What a run lacks by name: options that were not parsed or not given, names that another branch binds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from .choices import MOCK
from .sizes import number

Json = dict[str, Any]
Change = tuple[float, str, str]  # how likely it does, what is changed, its new code


def missing(job: Json, tree: ast.Module, statement: ast.stmt, error: str) -> Iterator[Change]:
    """A value for an option that was not parsed, or for a name that a branch or a star import brings."""
    if lacking := re.search(r"'(types.Simple)?(Namespace|Options)' object has no attribute '(\w+)'", error):
        name = lacking.group(3)
        read = [n for n in ast.walk(statement) if isinstance(n, ast.Attribute) and n.attr == name]
        yield from ((1.9, ast.unparse(n), job["options"].get(name) or number(name) or MOCK) for n in read)
    if "NoneType" in error:
        yield from _unset(job, statement, error)
    if unbound := re.match(r"UnboundLocalError: .*local variable '(\w+)'|NameError: name '(\w+)'", error):
        yield from _in_branches(tree, unbound.group(1) or unbound.group(2))
    unknown = re.match(r"NameError: name '(\w+)' is not defined", error)
    if unknown and job["starred"]:
        yield 1.9, unknown.group(1), number(unknown.group(1)) or MOCK


def _unset(job: Json, statement: ast.stmt, error: str) -> Iterator[Change]:
    """A value for each option that nobody gave: `len(args.gpu_ids)`."""
    for node in (n for n in ast.walk(statement) if isinstance(n, ast.Attribute)):
        if ast.unparse(node.value) in job["holders"] and isinstance(node.ctx, ast.Load):
            several = re.search(r"len\(\)|not (iterable|subscriptable)|item assignment", error)
            folder = re.search(r"PathLike|path should be|expected str|concatenate str", error)
            value = "[0]" if several else "'.'" if folder else number(node.attr) or "1"
            yield 1.2, ast.unparse(node), value


def _in_branches(tree: ast.Module, name: str) -> Iterator[Change]:
    """The branches that bind a name are entered: that none was shows that the stand-ins are none it knows."""
    for node in (n for n in ast.walk(tree) if isinstance(n, ast.If)):
        for body, value in ((node.body, "True"), (node.orelse, "False")):
            own = (s for s in body if isinstance(s, (ast.Assign, ast.AnnAssign, ast.With)))
            bound = (n for s in own for n in ast.walk(s) if isinstance(n, ast.Name))
            if any(n.id == name and isinstance(n.ctx, ast.Store) for n in bound):
                yield 1.3, ast.unparse(node.test), value
