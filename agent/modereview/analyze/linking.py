"""The file under review together with its neighbours: one namespace, and the way back to each file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from modereview.analyze import ir
from modereview.analyze.asked import Asked, together
from modereview.analyze.frozen import freezes_some, trained_in_part
from modereview.analyze.names import Names
from modereview.analyze.neighbours import Neighbour, Read, Search
from modereview.analyze.outline import Outline, outline
from modereview.records import Source, Span


@dataclass(frozen=True)
class Linked:
    """What the flow interprets. Without neighbours it is just the file."""

    own: Outline  # of the file under review, as the rules look at it
    names: Names  # of all files
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def file(self) -> Source:
        """The file under review."""
        return self.own.source

    @property
    def block(self) -> ir.Block:
        """Its top level."""
        return self.own.block

    @cached_property
    def outlines(self) -> tuple[Outline, ...]:
        """Of all files, the one under review first."""
        return (self.own, *(n.outline for n in self.neighbours))

    @property
    def blocks(self) -> tuple[ir.Block, ...]:
        """The top levels of all files."""
        return tuple(outline.block for outline in self.outlines)

    @property
    def constants(self) -> ir.Block:
        """What neighbours bind at their top level, those first that others import."""
        return tuple(
            s for n in reversed(self.neighbours) for s in n.outline.block if isinstance(s, ir.Assign)
        )

    @property
    def asked(self) -> Asked:
        """What the conditions of all files ask."""
        return together(outline.asked for outline in self.outlines)

    @property
    def kept(self) -> frozenset[str]:
        """Attributes that functions of any file assign."""
        return frozenset[str]().union(*(outline.kept for outline in self.outlines))

    @property
    def trained_in_part(self) -> frozenset[str]:
        """Models, as written in any file, of whose parameters those are selected that want a gradient."""
        return frozenset[str]().union(*(trained_in_part(outline.source.code) for outline in self.outlines))

    @property
    def freezes_some(self) -> bool:
        """Whether any file freezes parameters: then those that are selected are not all."""
        return any(freezes_some(outline.source.code) for outline in self.outlines)

    @property
    def held_out(self) -> frozenset[Span]:
        """Calls on held-out data in any file."""
        return frozenset[Span]().union(*(outline.held_out for outline in self.outlines))

    def slice(self, span: Span) -> str:
        """The source text of a span in any file."""
        return self.file.slice(span) if self.here(span) else self._neighbour(span).outline.slice(span)

    def here(self, span: Span) -> bool:
        """Whether a span lies in the file under review."""
        return span.line <= len(self.file.line_offsets)

    def place(self, span: Span) -> str:
        """Where a span of a neighbour lies, for people: "utils.py:41"."""
        path, line = self.at(span)
        return f"{path}:{line}"

    def at(self, span: Span) -> tuple[str, int]:
        """The path, from the project, and the line where a span of any file begins."""
        if self.here(span):
            return self.file.name, span.line
        neighbour = self._neighbour(span)
        return neighbour.source.name, span.line - neighbour.first

    def parts(self) -> tuple[Linked, ...]:
        """All of it; then, where there are neighbours, the file without them."""
        return (self, Linked(self.own, self.own.names)) if self.neighbours else (self,)

    def _neighbour(self, span: Span) -> Neighbour:
        return max((n for n in self.neighbours if n.first < span.line), key=lambda n: n.first)


def link(source: Source, read: Read | None) -> Linked:
    """A file and the neighbours that `read` finds; with None the file alone."""
    own = outline(source)
    search = Search(source, own, read) if read else None
    if search is None or not search.neighbours:
        return Linked(own, own.names)
    return Linked(own, _names(own, search), tuple(search.neighbours))


def _names(own: Outline, search: Search) -> Names:
    tables = [own.names, *(n.outline.names for n in search.neighbours)]
    bound = {n.module: set(n.outline.bound) for n in search.neighbours}
    imports = _starred(search.stars, bound)
    for table in reversed(tables):
        imports.update(table.imports)
    return Names(
        {**imports, **search.imports},
        {name: cls for table in reversed(tables) for name, cls in table.classes.items()},
        {name: function for table in reversed(tables) for name, function in table.functions.items()},
        frozenset().union(*(table.switched for table in tables)),
        frozenset().union(*(table.networks for table in tables)),
        linked=True,
    )


def _starred(stars: list[tuple[str, str]], bound: dict[str, set[str]]) -> dict[str, str]:
    """What `from x import *` binds, through chains of such imports as well."""
    imports: dict[str, str] = {}
    for _ in range(3):
        for importer, module in stars:
            prefix = f"{importer}." if importer else ""
            imports.update((f"{prefix}{name}", f"{module}.{name}") for name in bound.get(module, ()))
            bound.setdefault(importer, set()).update(bound.get(module, ()))
    return imports
