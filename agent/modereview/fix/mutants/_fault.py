"""A fault before it is put in, and where in a class faults go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from modereview.analyze import ir
from modereview.records import Edit, ModuleClass, Program, Source, Span


@dataclass(frozen=True)
class Fault:
    """What is wrong with a mutant: the edits that make it so, and how a report calls it."""

    id: str  # "dropped:validate:model.eval()"
    description: str  # "`model.eval()` at 41 dropped"
    span: Span
    function: str  # qualified name of the function it lies in; "" for the top level
    edits: tuple[Edit, ...]


def minds_modes(module: ModuleClass) -> bool:
    """Whether a mode can change what the class does: where it cannot, no mode can be wrong."""
    return bool(module.sensitive or module.opaque)


def methods(program: Program, module: ModuleClass) -> tuple[ir.Function, ...]:
    """The methods that a module class itself defines."""
    found = program.names.classes.get(module.name) if program.names else None
    return found.methods if found else ()


def method(program: Program, module: ModuleClass, name: str) -> ir.Function | None:
    """The method of that short name."""
    return next((each for each in methods(program, module) if each.short == name), None)


def insertion(source: Source, span: Span, before: str, after: str) -> tuple[Edit, Edit]:
    """The edits that put text around an expression."""
    start, end = source.offset(span.line, span.column), source.offset(span.end_line, span.end_column)
    gap = " " if source.text[start - 1].isalpha() else ""  # `return[x]`
    return Edit(start, start, gap + before), Edit(end, end, after)


def class_node(source: Source, span: Span) -> ast.ClassDef | None:
    """The class that starts at a span's line, at its keyword or its first decorator."""
    for node in _classes(source.tree):
        if span.line in (node.lineno, *(d.lineno for d in node.decorator_list)):
            return node
    return None


def _classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
