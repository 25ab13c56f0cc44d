"""Edits inside a class: a free attribute name, a statement at the end of `__init__`, a method, its name."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst
from libcst import matchers as m

from modereview.edits.insert import append, insert_after
from modereview.edits.layout import end_of, start_of
from modereview.edits.tree import compound, positions, room_to_recurse
from modereview.records import Edit, Source, Span


def free_name(source: Source, class_span: Span, wanted: str, others: Iterable[str] = ()) -> str:
    """`wanted`, or the first of `wanted_2`, `wanted_3`, ... that neither the class nor `others` have."""
    with room_to_recurse():
        names = m.findall(_class(source, class_span), m.Name())
    taken = {node.value for node in names if isinstance(node, cst.Name)} | set(others)
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def insert_in_init(source: Source, class_span: Span, statement: str) -> Edit | None:
    """Last in the class's own `__init__`; None where there is none, or it may end before its last line."""
    init = next((f for f in _functions(_class(source, class_span)) if f.name.value == "__init__"), None)
    if init is None or _returns(init):
        return None
    last = init.body.body[-1]
    where = positions(source)[last].start
    if isinstance(init.body, cst.SimpleStatementSuite):
        return insert_after(
            source, Span(where.line, where.column + 1, where.line, where.column + 1), statement
        )
    return append(source, last, statement)


def insert_method(source: Source, class_span: Span, method: str) -> Edit:
    """Behind the class's own `__init__`, else last, with an empty line before it.

    Raises:
        ValueError: the class stands on one line.
    """
    node = _class(source, class_span)
    if not isinstance(node.body, cst.IndentedBlock):
        raise ValueError(f"the class at {source.name}:{class_span.line} has no room for a method")
    init = next((f for f in _functions(node) if f.name.value == "__init__"), node.body.body[-1])
    return append(source, init, f"\n{method}")


def rename_method(source: Source, span: Span, name: str) -> Edit:
    """Another name for the function at the span's line; its callers are not touched."""
    node = compound(source, span.line)
    if not isinstance(node, cst.FunctionDef):
        raise ValueError(f"no function at {source.name}:{span.line}")
    return Edit(start_of(source, node.name), end_of(source, node.name), name)


def _class(source: Source, span: Span) -> cst.ClassDef:
    node = compound(source, span.line)
    if not isinstance(node, cst.ClassDef):
        raise ValueError(f"no class at {source.name}:{span.line}")
    return node


def _functions(node: cst.ClassDef) -> list[cst.FunctionDef]:
    return [child for child in node.body.body if isinstance(child, cst.FunctionDef)]


def _returns(init: cst.FunctionDef) -> bool:
    """Whether it holds a `return`; one of a nested function counts: no fix rather than a wrong one."""
    with room_to_recurse():
        return bool(m.findall(init.body, m.Return()))
