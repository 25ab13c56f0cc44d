"""The concrete tree of a source, and the way from its top to a position."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from modereview.records import Source

Block: TypeAlias = cst.Module | cst.BaseSuite  # what holds statements
# libcst takes about ten frames for a level of the tree, and parse/ lets 200 levels pass.
_FRAMES = 5000


@dataclass(frozen=True)
class Place:
    """A statement and the block that it lies in."""

    owner: cst.CSTNode | None  # whose block it is: a compound statement, `else`, ...; None for the module
    block: Block
    statement: cst.CSTNode


def positions(source: Source) -> Mapping[cst.CSTNode, CodeRange]:
    """Where each node of `source.module` lies: 1-based lines, 0-based columns."""
    return _positions(source.module)


@lru_cache(maxsize=8)  # slow: 50 ms for 500 lines. By tree, as equal sources have trees of their own
def _positions(module: cst.Module) -> Mapping[cst.CSTNode, CodeRange]:
    with room_to_recurse():
        # A tree fresh from the parser shares no nodes, so the wrapper need not copy it.
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        found: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)
    return found


@contextmanager
def room_to_recurse() -> Iterator[None]:
    """While libcst walks a tree as deep as parse/ lets pass."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def first_line(source: Source, node: cst.CSTNode) -> int:
    """The line a statement starts on, its decorators included."""
    return positions(source)[(*_decorated(node), node)[0]].start.line


def _decorated(node: cst.CSTNode) -> Sequence[cst.Decorator]:
    return node.decorators if isinstance(node, (cst.FunctionDef, cst.ClassDef)) else ()


def chain(source: Source, line: int, column: int) -> list[cst.CSTNode]:
    """The nodes that hold a 1-based position, from the module inwards."""
    nodes: list[cst.CSTNode] = [source.module]
    while True:
        inner = next((n for n in nodes[-1].children if _holds(source, n, (line, column - 1))), None)
        if inner is None:
            return nodes
        nodes.append(inner)


def _holds(source: Source, node: cst.CSTNode, point: tuple[int, int]) -> bool:
    where = positions(source).get(node)
    if where is None:
        return False
    # libcst's positions leave decorators out, and so does that of a block which begins with one.
    first = node.body[0] if isinstance(node, cst.IndentedBlock) else node
    start = (first_line(source, first), 0) if _decorated(first) else (where.start.line, where.start.column)
    return start <= point < (where.end.line, where.end.column)


def place(source: Source, line: int, column: int) -> Place:
    """The innermost statement that holds a position; all of `a; b` counts as one.

    Raises:
        ValueError: there is no statement.
    """
    nodes = chain(source, line, column)
    for index in range(len(nodes) - 2, -1, -1):
        block = nodes[index]
        if isinstance(block, (cst.Module, cst.BaseSuite)):
            return Place(nodes[index - 1] if index else None, block, nodes[index + 1])
    raise ValueError(f"no statement at {source.name}:{line}:{column}")


def compound(source: Source, line: int) -> cst.BaseCompoundStatement:
    """The statement with a body that starts on a line (at its decorators or its keyword).

    Raises:
        ValueError: there is none.
    """
    text = source.lines[line - 1]
    for node in reversed(chain(source, line, len(text) - len(text.lstrip()) + 1)):
        starts = (first_line(source, node), positions(source)[node].start.line)
        if isinstance(node, cst.BaseCompoundStatement) and hasattr(node, "body") and line in starts:
            return node
    raise ValueError(f"no statement with a body starts at {source.name}:{line}")
