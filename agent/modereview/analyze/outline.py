"""A file by itself: its blocks, its names and what its functions speak of, made once for each text.

It does not matter who imports it: in a review of many files the same neighbours come again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from modereview.analyze import ir, walk
from modereview.analyze.asked import Asked, asked_in
from modereview.analyze.heldout import held_out_calls
from modereview.analyze.lower import lower, lower_neighbour
from modereview.analyze.names import Names, names_of
from modereview.analyze.uses import Uses, bound_by, uses_of
from modereview.records import Source, Span

_KEPT = 64  # outlines of neighbours; some megabytes each where files are long


@dataclass(frozen=True)
class Outline:
    """What is known of a text without the files around it."""

    source: Source
    module: str  # what its names are qualified by; "" for the file under review
    first: int  # lines before its own first one
    block: ir.Block
    names: Names

    @cached_property
    def imports(self) -> tuple[tuple[str, str], ...]:
        """What it imports, anywhere: (local name, dotted origin)."""
        statements = walk.statements(self.block, nested=True)
        return tuple(pair for s in statements if isinstance(s, ir.Import) for pair in s.names)

    @cached_property
    def aliases(self) -> tuple[tuple[str, str], ...]:
        """Names that it gives to what it imports: (last part of its own, last part of the other)."""
        pairs = ((a.rpartition(".")[2], b.rpartition(".")[2]) for a, b in self.imports)
        return tuple((a, b) for a, b in pairs if a != b and b != "*")

    @cached_property
    def bound(self) -> frozenset[str]:
        """The names that a star import takes from it, as its own text calls them."""
        found = {name for statement in self.block for name in _binds(statement)}
        last = {name.removeprefix(f"{self.module}.") for name in found}
        return frozenset(name for name in last if not name.startswith("_") and "*" not in name)

    @cached_property
    def uses(self) -> tuple[Uses, ...]:
        """What its top level, its functions and its classes speak of."""
        return uses_of(self.block, self.names, self.module)

    @cached_property
    def assigned(self) -> frozenset[str]:
        """Attributes that it assigns anywhere."""
        statements = walk.statements(self.block, nested=True)
        targets = (t for s in statements if isinstance(s, ir.Assign) for t in s.targets)
        return frozenset(name for t in targets for name in _attributes(t))

    @cached_property
    def kept(self) -> frozenset[str]:
        """Attributes that its functions assign: one may hold a model."""
        statements = (s for f in self.names.functions.values() for s in walk.statements(f.body))
        targets = (t for s in statements if isinstance(s, ir.Assign) for t in s.targets)
        return frozenset(t.name for t in targets if isinstance(t, ir.Attr))

    @cached_property
    def shared(self) -> frozenset[str]:
        """Variables of its top level, which others may import."""
        return frozenset(n for s in walk.statements(self.block) for n in bound_by(s))

    @cached_property
    def held_out(self) -> frozenset[Span]:
        """Calls on held-out data, by the names of loaders."""
        return held_out_calls(self.block)

    @cached_property
    def asked(self) -> Asked:
        """What its conditions ask."""
        return asked_in(self.block, self)

    def slice(self, span: Span) -> str:
        """The source text of a span."""
        line, end = span.line - self.first, span.end_line - self.first
        return self.source.slice(Span(line, span.column, end, span.end_column))

    @cached_property
    def misses_brackets(self) -> bool:
        """Whether a switch is named or assigned and not called: `model.eval`, `model.train = False`."""
        return any(_misses_brackets(s) for s in walk.statements(self.block, nested=True))


def outline(source: Source) -> Outline:
    """Of the file under review."""
    block = lower(source)
    return Outline(source, "", 0, block, names_of(block))


@lru_cache(maxsize=_KEPT)
def outline_of_neighbour(source: Source, module: str, first: int) -> Outline:
    """Of a file that is imported as `module`. Kept by the text, so it is never out of date."""
    block = lower_neighbour(replace(source), module, first)  # a copy: its syntax tree goes with it
    names = replace(names_of(block), linked=True)  # its names have several parts
    return Outline(source, module, first, block, names)


def _binds(statement: ir.Stmt) -> set[str]:
    match statement:
        case ir.Assign(targets):
            return {e.id for t in targets for e in walk.subexpressions(t) if isinstance(e, ir.Name)}
        case ir.Define(function):
            return {function.name}
        case ir.DefineClass(cls):
            return {cls.name}
        case ir.Import(names):
            return {name for name, _ in names}
        case _:
            return set()


def _attributes(target: ir.Expr) -> Iterator[str]:
    """The attributes that a target sets: of `self.net`, `self.nets[k.lower()]`, `self.a, self.b`."""
    match target:
        case ir.Attr(_, name):
            yield name
        case ir.Item(base):
            yield from _attributes(base)
        case ir.Items(targets):
            yield from (name for t in targets for name in _attributes(t))
        case ir.Star(inner):
            yield from _attributes(inner)


def _misses_brackets(statement: ir.Stmt) -> bool:
    match statement:
        case ir.Do(ir.Attr(_, "eval" | "train")):
            return True
        case ir.Assign(targets):
            return any(isinstance(t, ir.Attr) and t.name in ("eval", "train") for t in targets)
        case _:
            return False
