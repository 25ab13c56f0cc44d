"""Which class in view a parameter holds, where its annotation says so."""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.analyze.names import Names


def annotated(parameter: ir.Parameter, names: Names) -> ir.Class | None:
    """The class that `net: Net`, `net: Optional[Net]` or `net: Net | None` names.

    None where another class in view inherits from it: an object of that one may be given as well.
    """
    cls = _class_of(parameter.annotation, names)
    bases = (names.class_at(base) for other in names.classes.values() for base in other.bases)
    return None if cls is None or any(base is cls for base in bases) else cls


def _class_of(annotation: ir.Expr | None, names: Names) -> ir.Class | None:
    match annotation:
        case ir.Const(str() as quoted, span):  # `Optional["Net"]`
            return names.class_at(ir.Name(quoted, span))
        case ir.Name() | ir.Attr():
            return names.class_at(annotation)
        case ir.Item(base, key) if (walk.dotted(base) or "").rpartition(".")[2] == "Optional":
            return _class_of(key, names)
        case ir.Other(children):
            others = [c for c in children if not (isinstance(c, ir.Const) and c.value is None)]
            return _class_of(others[0], names) if len(others) == 1 else None
        case _:
            return None
