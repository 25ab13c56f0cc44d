"""The files beside a script that it imports: found, read, and told apart by their lines.

A neighbour's lines are counted from a place of its own, far behind those of any script, so that every span
of the analysis is unique and says in which file it lies. That place depends on the neighbour alone: it is
lowered once, whoever imports it. Its names are qualified by its module (see `qualify.py`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from modereview.analyze import ir, walk
from modereview.analyze.names import hands_own_mode_on
from modereview.analyze.outline import Outline, outline_of_neighbour
from modereview.errors import InputError
from modereview.records import Source

Read: TypeAlias = Callable[[Path, Path], Source]  # (file, project); raises InputError

_FILES, _LEVELS, _BYTES = 20, 3, 2**20
_LINES = 2**22  # between the places of two files; the largest that is read has fewer
_REGISTERS = re.compile(r"_*register(_|$)").match
# Where a file does none of these, and starts nothing, no mode in it can be wrong.
_TELLING = frozenset("eval train backward step no_grad inference_mode set_grad_enabled".split())


@dataclass(frozen=True)
class Neighbour:
    """A file that the script imports, itself or through others."""

    module: str  # dotted, from the script's folder, or from the project if it lies elsewhere
    source: Source
    first: int  # lines before its own first one

    @cached_property
    def outline(self) -> Outline:
        """The file by itself."""
        return outline_of_neighbour(self.source, self.module, self.first)


class Search:
    """Follows imports from file to file, near ones first; `imports` says what each name turned out to be."""

    def __init__(self, source: Source, own: Outline, read: Read) -> None:
        self._script, self._read = source, read
        self._found: dict[str, Neighbour | None] = {str(source.path): None}  # by path
        self.neighbours: list[Neighbour] = []  # in the order they were found
        self.imports: dict[str, str] = {}
        self.stars: list[tuple[str, str]] = []  # (module that imports everything, module it imports)
        if _worth_following(own.block):
            self._follow(own)

    def _follow(self, own: Outline) -> None:
        level = [(self._script.path, own)]
        for _ in range(_LEVELS):
            known = len(self.neighbours)
            for path, outline in level:
                self._imports_of(path, outline)
            level = [(n.source.path, n.outline) for n in self.neighbours[known:]]

    def _imports_of(self, path: Path, outline: Outline) -> None:
        for name, origin in outline.imports:
            target = None if origin.startswith("torch.") else self._locate(origin, path)
            if target is None:
                continue
            if origin.endswith("*"):
                self.stars.append((outline.module, target.removesuffix(".*")))
            else:
                self.imports[name] = target

    def _locate(self, origin: str, importer: Path) -> str | None:
        """The qualified name of what an import means: "utils.validate" for ".validate" in `utils/x.py`."""
        level = len(origin) - len(origin.lstrip("."))
        parts = origin.lstrip(".").split(".")
        folders = [str(f) for f in [*importer.parents][level - 1 : level]] if level else self._search_path
        for count in range(len(parts), max(len(parts) - 2, 0 if level else 1) - 1, -1):
            if parts[count - 1 : count] == ["*"]:
                continue
            for path in (p for folder in folders for p in _files(folder, parts[:count])):
                found = self._load(path)
                if found is not None:
                    return ".".join((found.module, *parts[count:]))
        return None

    @cached_property
    def _search_path(self) -> list[str]:
        """Where Python may look, as far as the project goes: people start scripts from its folders."""
        script, root = self._script.path, self._script.root
        return [str(folder) for folder in script.parents if folder.is_relative_to(root)]

    def _load(self, path: str) -> Neighbour | None:
        """A file as a neighbour, once; None where there is none, or enough were read."""
        if path not in self._found:
            self._found[path] = self._fresh(Path(path))
        return self._found[path]

    def _fresh(self, path: Path) -> Neighbour | None:
        known = self.neighbours
        if len(known) >= _FILES or not path.is_relative_to(self._script.root):
            return None
        try:
            source = self._read(path, self._script.root)
        except InputError:
            return None
        module, first = self._module(path), _place(path, self._script.root)
        if any(n.module == module or n.first == first for n in known):
            return None
        if sum(len(n.source.raw) for n in known) + len(source.raw) > _BYTES:
            return None
        known.append(Neighbour(module, replace(source), first))  # a copy: the syntax tree is not kept
        return known[-1]

    def _module(self, path: Path) -> str:
        folder = self._script.path.parent
        inside = path.relative_to(folder if path.is_relative_to(folder) else self._script.root)
        parts = inside.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or path.parent.name


def _place(path: Path, root: Path) -> int:
    """Where the lines of a neighbour are counted from: a number made of its path."""
    digest = hashlib.sha256(path.relative_to(root).as_posix().encode(errors="surrogateescape")).digest()
    return (1 + int.from_bytes(digest[:5], "big")) * _LINES


def _files(folder: str, parts: list[str]) -> Iterator[str]:
    """Where the module of that name may lie. Most lead nowhere, and text is made faster than a `Path`."""
    module = "/".join((folder, *parts))
    if parts:
        yield f"{module}.py"
    yield f"{module}/__init__.py"


def _worth_following(block: ir.Block) -> bool:
    """Whether the file trains, evaluates or starts anything; files that only define models need no others."""
    if any(_starts_something(s) for s in block):
        return True
    calls = (c for c in walk.calls(block, nested=True) if not hands_own_mode_on(c))
    return any(_TELLING & set(_names(c.func)) for c in calls)


def _starts_something(statement: ir.Stmt) -> bool:
    """Whether a top-level statement runs more than a definition; a register keeps what it is given."""
    runs = isinstance(statement, ir.Do | ir.If | ir.Loop | ir.With)
    return runs and any(not _REGISTERS(_last(c.func)) for c in walk.calls((statement,)))


def _last(expr: ir.Expr) -> str:
    return (walk.dotted(expr) or "").rpartition(".")[2]


def _names(expr: ir.Expr) -> Iterator[str]:
    yield from (walk.dotted(expr) or (expr.name if isinstance(expr, ir.Attr) else "")).split(".")
