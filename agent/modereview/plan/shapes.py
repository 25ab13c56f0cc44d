"""Shapes that the file itself writes down: `torch.randn(1, 3, 32, 32)`, `x.view(-1, 28, 28)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from modereview.plan.names import Names, resolve
from modereview.plan.tree import scopes

_MAKERS = frozenset({"randn", "rand", "zeros", "ones", "empty", "randint"})
_RESHAPERS = frozenset({"view", "reshape"})
_SUMMARIES = frozenset({"summary", "input_size"})


@dataclass(frozen=True)
class Shape:
    """The sizes of one sample, without its batch, and where the file says so."""

    sample: tuple[int, ...]
    integer: bool  # made by randint: numbers of words, not values
    line: int


def shapes(tree: ast.Module, names: Names) -> tuple[Shape, ...]:
    """Every shape the file writes down, in its order."""
    inline = replace(names, defined=frozenset())  # constants by value, not as script.NAME
    found: dict[tuple[tuple[int, ...], bool], Shape] = {}
    for function, body in scopes(tree):
        for node in (n for statement in body for n in ast.walk(statement) if isinstance(n, ast.Call)):
            for shape in _of_call(node, inline, function):
                found.setdefault((shape.sample, shape.integer), shape)
    return tuple(sorted(found.values(), key=lambda s: s.line))


def _of_call(call: ast.Call, names: Names, function: str) -> Iterator[Shape]:
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if name in _MAKERS:
        sizes = [_size(a, names, function) for a in _size_arguments(call, name)]
        sample = sizes[1:]
    elif name in _RESHAPERS and len(call.args) >= 2:
        sizes = [_size(a, names, function) for a in call.args]
        sample = sizes[1:] if sizes[0] in (-1, None) else []
    elif name in _SUMMARIES and len(call.args) >= 2 and isinstance(call.args[1], ast.Tuple):
        sample = [_size(a, names, function) for a in call.args[1].elts]
    else:
        return
    known = tuple(s for s in sample if s is not None and s > 0)
    if known and len(known) == len(sample):
        yield Shape(known, name == "randint", call.lineno)


def _size_arguments(call: ast.Call, name: str) -> list[ast.expr]:
    args: list[ast.expr] = list(call.args)
    if name == "randint":
        args = [a for a in args if isinstance(a, (ast.Tuple, ast.List))]
    if len(args) == 1 and isinstance(args[0], (ast.Tuple, ast.List)):
        return list(args[0].elts)
    return args


def _size(node: ast.expr, names: Names, function: str) -> int | None:
    code = resolve(names, ast.unparse(node), function)
    try:
        value = ast.literal_eval(code) if code is not None else None
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
