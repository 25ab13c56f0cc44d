"""A training or evaluating method of the user's own that hides `nn.Module`'s switch: it gets another name.

Only in a script, whose calls are in view: who imports the class from elsewhere would call the old name.
"""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import FLUENT
from modereview.records import Edit, ModuleClass, Program, Span
from modereview.rules import inside, lookup
from modereview.rules.skipped import MODULES

_NAMES = {"train": "train_model", "eval": "evaluate"}
_WORK = frozenset("backward step zero_grad forward".split())


def does_more(program: Program, owner: ModuleClass, method: ir.Function) -> bool:
    """Whether a method trains or evaluates, itself or in what it calls, rather than switches."""
    returned = (s.value for s in walk.statements(method.body) if isinstance(s, ir.Leave))
    results = [v for v in returned if v is not None and walk.dotted(v) != "self" and not _is_of_super(v)]
    functions = inside.reached(program, owner.name, method.short)
    waits = any(isinstance(s, ir.Loop) and s.iterable is None for s in walk.statements(method.body))
    runs = any(f.function == method.name for f in program.forwards)
    return bool(results) or waits or runs or any(_works(c) for f in functions for c in walk.calls(f.body))


def renamed(program: Program, owner: ModuleClass, method: ir.Function) -> tuple[str, tuple[Edit, ...]] | None:
    """The new name, and the edits of the method and of every mention of it; None where one is not decided."""
    assert program.names is not None
    name = _NAMES[method.short]
    if not _is_script(program) or not _is_alone(program, owner, method) or _is_taken(program, name):
        return None
    mine = [_is_mine(program, owner, function, attr) for function, attr in _mentions(program, method.short)]
    if None in mine:
        return None
    places = [a.span for (_, a), own in zip(_mentions(program, method.short), mine, strict=True) if own]
    calls = (edits.replace(program.source, _last_name(p, method.short), name) for p in dict.fromkeys(places))
    return name, (edits.rename_method(program.source, method.span, name), *calls)


def _works(call: ir.Call) -> bool:
    """A step of a training, or a run of the module itself."""
    return (isinstance(call.func, ir.Attr) and call.func.name in _WORK) or walk.dotted(call.func) == "self"


def _is_of_super(value: ir.Expr) -> bool:
    return isinstance(value, ir.Call) and walk.is_super(value.func)


def _is_script(program: Program) -> bool:
    """Whether the file is started rather than imported: it asks for its name, or trains at its top level."""
    asks = any(walk.is_main_guard(s) for s in program.block)
    return asks or program.trains_on_import is not None


def _is_alone(program: Program, owner: ModuleClass, method: ir.Function) -> bool:
    """Whether no other class of the file, and no base class out of view, has to do with the method."""
    assert program.names is not None
    classes = program.names.classes.values()
    (own,) = (c for c in classes if c.name == owner.name)
    bare = all(program.names.origin(base) in MODULES for base in own.bases)
    heirs = any(walk.dotted(base) == owner.name for c in classes for base in c.bases)
    return bare and not heirs and not method.decorators


def _is_taken(program: Program, name: str) -> bool:
    """Whether the file knows the name already, for whatever."""
    return any(attr.name == name for _, attr in _attributes(program)) or any(
        f.short == name for f in (program.names.functions.values() if program.names else ())
    )


def _attributes(program: Program) -> Iterator[tuple[str, ir.Attr]]:
    for function, body in lookup.scopes(program):
        yield from ((function, e) for e in walk.all_expressions(body) if isinstance(e, ir.Attr))


def _mentions(program: Program, short: str) -> Iterator[tuple[str, ir.Attr]]:
    """Every `x.train` of the file, with the function that it stands in."""
    yield from ((function, attr) for function, attr in _attributes(program) if attr.name == short)


def _is_mine(program: Program, owner: ModuleClass, function: str, mention: ir.Attr) -> bool | None:
    """Whether a mention is of the method; None where that is not decided."""
    if walk.is_super(mention):
        return False
    base = walk.dotted(mention.base)
    if base == "self":
        return function.startswith(f"{owner.name}.")
    made = {_class_of(program, v) for t, v in _bindings(program) if walk.dotted(t) == base}
    if base is None or not made or (owner.name in made and len(made) > 1):
        return None
    return made == {owner.name}


def _bindings(program: Program) -> Iterator[tuple[ir.Expr, ir.Expr]]:
    for _, body in lookup.scopes(program):
        for statement in walk.statements(body):
            yield from lookup.bindings(statement)


def _class_of(program: Program, value: ir.Expr) -> str:
    """The class of the file that an expression builds: `Net().to(device)`; "" for anything else."""
    assert program.names is not None
    while isinstance(value, ir.Call) and isinstance(value.func, ir.Attr) and value.func.name in FLUENT:
        value = value.func.base
    cls = program.names.class_at(value.func) if isinstance(value, ir.Call) else None
    return cls.name if cls else ""


def _last_name(place: Span, short: str) -> Span:
    return Span(place.end_line, place.end_column - len(short), place.end_line, place.end_column)
