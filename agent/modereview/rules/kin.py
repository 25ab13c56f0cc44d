"""What a class shares with its bases and heirs: the attributes of one `self`."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.records import Program
from modereview.rules import inside, lookup
from modereview.rules.skipped import MODULES

# Bases out of view that keep nothing on `self` under the name of a layer; `nn.LSTM` has a `dropout`.
_BARE = (*MODULES, "torch.nn.Sequential")


def attributes(program: Program, cls: str) -> frozenset[str] | None:
    """The names that bases and heirs give to what they hold; None where a base is out of view."""
    assert program.names is not None
    family = [c for c in program.names.classes.values() if _related(program, c.name, cls)]
    for known in inside.lineage(program, cls):
        for base in known.bases:
            origin = program.names.origin(base) or ""
            here = (walk.dotted(base) or "") in program.names.classes
            if not (here or origin in _BARE or origin.endswith(".LightningModule")):
                return None
    return frozenset(name for member in family for name in _held(member))


def is_settled(program: Program, cls: str, text: str) -> bool:
    """Whether `self.rate` is set when the class is built, and nowhere else."""
    owner, _, name = text.partition(".")
    if owner != "self" or not name.isidentifier():
        return False
    places = {
        (method.short, walk.dotted(target))
        for known in inside.lineage(program, cls)
        for method in known.methods
        for statement in walk.statements(method.body)
        for target, _ in lookup.bindings(statement)
    }
    setters = {short for short, bound in places if bound == text}
    fixed = any(name in (walk.dotted(t) or "") for c in inside.lineage(program, cls) for t in _in_body(c))
    return setters == {"__init__"} or (not setters and fixed)


def _related(program: Program, one: str, other: str) -> bool:
    first, second = ({c.name for c in inside.lineage(program, name)} for name in (one, other))
    return other in first or one in second


def _held(cls: ir.Class) -> Iterator[str]:
    yield from (method.short for method in cls.methods)
    for target in _in_body(cls):
        yield walk.dotted(target) or ""
    for method in cls.methods:
        for expr in walk.all_expressions(method.body, nested=True):
            if isinstance(expr, ir.Attr) and walk.dotted(expr.base) == "self":
                yield expr.name


def _in_body(cls: ir.Class) -> Iterator[ir.Expr]:
    """What the class itself binds, outside of its methods."""
    for statement in walk.statements(cls.body):
        yield from (target for target, _ in lookup.bindings(statement))
