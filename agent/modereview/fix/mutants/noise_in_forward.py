"""Noise, whatever the mode, on each result of a class's own `forward`: every model has this one.

Noise rather than dropout: on a scalar two draws of dropout agree half of the time, and a test would be kept
or dropped by chance.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from modereview.fix.mutants._fault import Fault, class_node, insertion
from modereview.fix.switches import span_of
from modereview.records import Program

# Needs no name of the file: `torch` may be called otherwise there, or be a local variable.
_NOISE = (
    "(lambda torch, value: torch.utils._pytree.tree_map(lambda _: _ + torch.rand_like(_) "
    "if isinstance(_, torch.Tensor) and _.is_floating_point() else _, value))(__import__('torch'), ("
)


def faults(program: Program) -> Iterator[Fault]:
    """One for each class with a `forward` that returns something."""
    for module in program.modules:
        node = class_node(program.source, module.span)
        forward = _forward(node) if node else None
        values = [each.value for each in _returns(forward) if each.value is not None] if forward else []
        if forward is None or not values:
            continue
        spans = [span_of(program.source, value) for value in values]
        edits = tuple(edit for span in spans for edit in insertion(program.source, span, _NOISE, "))"))
        name = f"{module.name}.forward"
        description = f"noise put into `{name}` at {forward.lineno}"
        yield Fault(f"determinism:{name}", description, span_of(program.source, forward), name, edits)


def _forward(node: ast.ClassDef) -> ast.FunctionDef | None:
    own = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "forward"]
    return own[-1] if own else None


def _returns(node: ast.AST) -> Iterator[ast.Return]:
    """The returns of a function itself, not those of functions within it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Return):
            yield child
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            yield from _returns(child)
