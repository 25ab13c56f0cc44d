"""An import where the file has its imports."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import libcst as cst
from libcst import matchers as m

from modereview.edits.layout import end_of_line, indent_of, lay_out
from modereview.edits.tree import first_line, positions
from modereview.records import Edit, Source

_FUTURE = m.SimpleStatementLine(body=[m.ImportFrom(module=m.Name("__future__"))])


def add_import(source: Source, module: str) -> Edit:
    """`import module` at the top: in its place of the order people keep, behind docstring and `__future__`.

    Standard library first, then the rest, each by name; where the file keeps no such order, before the
    first import that would come after it.

    Raises:
        ValueError: the file holds no statement.
    """
    if not source.module.body:
        raise ValueError(f"there is nothing in {source.name}")
    statement = f"import {module}"
    imports = list(_imports(source))
    later = next((node for node, name in imports if _order(name) > _order(module)), None)
    if later is not None:
        line = first_line(source, later)
        start = source.offset(line, 1)
        return Edit(start, start, lay_out(source, statement, indent_of(source, line)) + source.newline)
    lines = [positions(source)[node].end.line for node in _head(source)]
    if imports:
        lines = [positions(source)[imports[-1][0]].end.line]
    if lines:
        end = end_of_line(source, lines[-1])
        return Edit(end, end, source.newline + statement)
    first = first_line(source, source.module.body[0])
    start = source.offset(first, 1)
    return Edit(start, start, statement + source.newline)


def _order(module: str) -> tuple[bool, str]:
    return module.partition(".")[0] not in sys.stdlib_module_names, module.lower()


def _imports(source: Source) -> Iterator[tuple[cst.SimpleStatementLine, str]]:
    """The plain and the `from` imports of the top level, one a line, with the module's name."""
    for node in source.module.body:
        if not isinstance(node, cst.SimpleStatementLine) or m.matches(node, _FUTURE):
            continue
        match node.body:
            case [cst.Import(names=[alias, *_])]:
                yield node, source.module.code_for_node(alias.name)
            case [cst.ImportFrom(module=cst.Name() | cst.Attribute() as module, relative=())]:
                yield node, source.module.code_for_node(module)


def _head(source: Source) -> Sequence[cst.CSTNode]:
    """The docstring and the `__future__` imports, as far as there are any."""
    body = source.module.body
    count = 1 if source.module.get_docstring() is not None else 0
    while count < len(body) and m.matches(body[count], _FUTURE):
        count += 1
    return body[:count]
