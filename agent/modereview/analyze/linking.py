"""The file under review together with its neighbours: one text, one namespace, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from modereview.analyze import ir, walk
from modereview.analyze.lower import lower
from modereview.analyze.names import Names, names_of
from modereview.analyze.neighbours import Neighbour, Read, Search
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


def link(source: Source, read: Read | None) -> Linked:
    """The file with the neighbours that `read` finds; with None by itself."""
    block = lower(source)
    own = names_of(block)
    search = Search(source, block, read) if read else None
    if search is None or not search.neighbours:
        return Linked(source, block, own, own)
    tables = [own, *(names_of(n.block) for n in search.neighbours)]
    bound = {n.module: _bound(n) for n in search.neighbours}
    imports = _starred(search.stars, bound)
    for table in reversed(tables):
        imports.update(table.imports)
    names = Names(
        {**imports, **search.imports},
        {name: cls for table in reversed(tables) for name, cls in table.classes.items()},
        {name: function for table in reversed(tables) for name, function in table.functions.items()},
        frozenset().union(*(table.switched for table in tables)),
        linked=True,
    )
    return Linked(source, block, own, names, search.neighbours)


def _bound(neighbour: Neighbour) -> set[str]:
    """The names that a star import takes from a neighbour, as its own file calls them."""
    found: set[str] = set()
    for statement in neighbour.block:
        match statement:
            case ir.Assign(targets):
                found |= {e.id for t in targets for e in walk.subexpressions(t) if isinstance(e, ir.Name)}
            case ir.Define(function):
                found.add(function.name)
            case ir.DefineClass(cls):
                found.add(cls.name)
            case ir.Import(names):
                found |= {name for name, _ in names}
    last = {name.removeprefix(f"{neighbour.module}.") for name in found}
    return {name for name in last if not name.startswith("_") and "*" not in name}


def _starred(stars: list[tuple[str, str]], bound: dict[str, set[str]]) -> dict[str, str]:
    """What `from x import *` binds, through chains of such imports as well."""
    imports: dict[str, str] = {}
    for _ in range(3):
        for importer, module in stars:
            prefix = f"{importer}." if importer else ""
            imports.update((f"{prefix}{name}", f"{module}.{name}") for name in bound.get(module, ()))
            bound.setdefault(importer, set()).update(bound.get(module, ()))
    return imports
