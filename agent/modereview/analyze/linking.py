"""The file under review together with its neighbours: one text, one namespace, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from modereview.analyze import ir
from modereview.analyze.names import Names, names_of
from modereview.analyze.neighbours import Neighbour, Read, Search
from modereview.analyze.outline import outline
from modereview.records import Source, Span


@dataclass(frozen=True)
class Linked:
    """What the flow interprets. Without neighbours it is just the file."""

    file: Source
    block: ir.Block  # the file's top level
    own: Names  # of the file alone, as the rules look at it
    names: Names  # of all files
    neighbours: tuple[Neighbour, ...] = ()

    @cached_property
    def source(self) -> Source:
        """All texts, one behind the other, for slices; nobody parses it."""
        text, offsets = self.file.text, self.file.line_offsets
        for n in self.neighbours:
            offsets += tuple(len(text) + o for o in n.source.line_offsets)
            text += n.source.text
        return replace(self.file, text=text, line_offsets=offsets) if self.neighbours else self.file

    @property
    def whole(self) -> ir.Block:
        """The top levels of all files."""
        return tuple(s for block in (self.block, *(n.block for n in self.neighbours)) for s in block)

    @property
    def constants(self) -> ir.Block:
        """What neighbours bind at their top level, those first that others import."""
        return tuple(s for n in reversed(self.neighbours) for s in n.block if isinstance(s, ir.Assign))

    def here(self, span: Span) -> bool:
        """Whether a span lies in the file under review."""
        return span.line <= len(self.file.line_offsets)

    def place(self, span: Span) -> str:
        """Where a span of a neighbour lies, for people: "utils.py:41"."""
        neighbour = next(n for n in reversed(self.neighbours) if n.first < span.line)
        return f"{neighbour.source.name}:{span.line - neighbour.first}"


class Survey:
    """A file and the neighbours that `read` finds, before the flow; with None the file alone."""

    def __init__(self, source: Source, read: Read | None) -> None:
        self.source = source
        self.own = outline(source)
        search = Search(source, self.own, read) if read else None
        self._search = search if search and search.neighbours else None
        self.neighbours = self._search.neighbours if self._search else ()

    def outlined(self) -> Names:
        """The names of all files. Spans of neighbours are those of their own texts."""
        return self._names([n.outline.names for n in self.neighbours])

    def linked(self) -> Linked:
        """All files, laid out one behind the other."""
        names = self._names([names_of(n.block) for n in self.neighbours])
        return Linked(self.source, self.own.block, self.own.names, names, self.neighbours)

    def alone(self) -> Linked:
        """The file without its neighbours."""
        return Linked(self.source, self.own.block, self.own.names, self.own.names)

    def _names(self, others: list[Names]) -> Names:
        if self._search is None:
            return self.own.names
        tables = [self.own.names, *others]
        bound = {n.module: set(n.outline.bound) for n in self.neighbours}
        imports = _starred(self._search.stars, bound)
        for table in reversed(tables):
            imports.update(table.imports)
        return Names(
            {**imports, **self._search.imports},
            {name: cls for table in reversed(tables) for name, cls in table.classes.items()},
            {name: function for table in reversed(tables) for name, function in table.functions.items()},
            frozenset().union(*(table.switched for table in tables)),
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
