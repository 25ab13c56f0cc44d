"""Methods that a base class calls: where it switches modes, or lies in a package, it answers for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from modereview.analyze import ir, walk
from modereview.analyze.classes import has_base_elsewhere, lineage
from modereview.analyze.names import Names
from modereview.records import Source

# Of these it is known which of their hooks run in EVAL (told elsewhere), or that they switch nothing.
_KNOWN = frozenset({"transformers", "gym", "gymnasium", "pydantic", *sys.stdlib_module_names})


def driver(function: ir.Function, names: Names) -> str | None:
    """The base class in view that calls a method and switches."""
    for each in _classes(function, names):
        if each.name != function.method_of and _calls(each, function.short) and _switches(each):
            return each.name.rpartition(".")[2]
    return None


def unseen_bases(function: ir.Function, names: Names) -> tuple[str, ...]:
    """The origins of bases that are not in view and may call a method."""
    return tuple(
        names.origin(base) or ""
        for each in _classes(function, names)
        if has_base_elsewhere(each, names, but=_is_known)
        for base in each.bases
        if names.class_at(base) is None
    )


def driver_elsewhere(function: ir.Function, names: Names, source: Source) -> str | None:
    """The base class in a package that may call a method and see to the mode; not if its own class switches.

    Who calls by a base class in another file of the project is told by the text of that file.
    """
    own = next(_classes(function, names), None)
    if own is None or _switches(own):
        return None
    origins = (o for o in unseen_bases(function, names) if not _is_in_project(o, source))
    return next((origin.rpartition(".")[2] for origin in origins), None)


def is_module_by_base(cls: ir.Class, names: Names, derives: Callable[[str], bool]) -> bool:
    """Whether a base that is not in view, of a class or of a base of it, is a module to those who know it."""
    bases = (base for each in lineage(cls, names) for base in each.bases if names.class_at(base) is None)
    return any(derives((walk.dotted(base) or "").rpartition(".")[2]) for base in bases)


def _is_in_project(origin: str, source: Source) -> bool:
    first = origin.partition(".")[0]
    folders = [f for f in source.path.parents if f.is_relative_to(source.root)]
    return not first or any((f / first).is_dir() or (f / f"{first}.py").is_file() for f in folders)


def _is_known(origin: str) -> bool:
    return origin.partition(".")[0] in _KNOWN


def _classes(function: ir.Function, names: Names) -> Iterator[ir.Class]:
    """The class of a method and its bases in view."""
    own = names.classes.get(function.method_of or "")
    return lineage(own, names) if own else iter(())


def _calls(cls: ir.Class, method: str) -> bool:
    wanted = f"self.{method}"
    return any(walk.dotted(c.func) == wanted for m in cls.methods for c in walk.calls(m.body, nested=True))


def _switches(cls: ir.Class) -> bool:
    calls = (c.func for m in cls.methods for c in walk.calls(m.body, nested=True))
    return any(isinstance(func, ir.Attr) and func.name in ("eval", "train") for func in calls)
