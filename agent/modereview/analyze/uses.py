"""What each function of a file speaks of, by the last parts of names: enough to see where it may lead.

No spans and no linking: this is made once for a text, whoever imports it (see `outline.py`).
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from modereview.analyze import ir, walk
from modereview.analyze.names import Names
from modereview.analyze.torchfacts import LIBRARY_MODELS

_OFF = frozenset({"no_grad", "inference_mode", "set_grad_enabled"})
_BUILTINS = frozenset(dir(builtins))
_COPIES = frozenset({"from_pretrained", "deepcopy", "copy"})


@dataclass(frozen=True)
class Uses:
    """A function, the top level (""), a class with its bases and hooks, or a block under `no_grad`."""

    name: str  # qualified within the file
    module: str = ""  # of the file
    method_of: str = ""  # short name of the class
    names: frozenset[str] = frozenset()  # all names and attributes in it; hooks of a class by "Class.hook"
    attributes: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()  # called, and neither defined nor imported by the file
    given: frozenset[str] = frozenset()  # parameters: what they hold, its callers say
    annotated: tuple[tuple[str, str], ...] = ()  # of these, with each name in the annotation
    members: frozenset[str] = frozenset()  # called as `x.member` of what is not imported
    fed: frozenset[str] = frozenset()  # those of them that are given more than constants, and are no logger's
    imported: frozenset[str] = frozenset()  # called, and imported
    called: frozenset[str] = frozenset()  # all that is called
    optimizes: bool = False  # whether it builds an optimizer of torch
    builds: bool = False  # whether it builds, loads or copies what may be a model of a library
    off: tuple[Uses, ...] = ()  # what in it runs with the graph off
    off_for_good: bool = False  # whether the graph may be off beyond that

    @property
    def short(self) -> str:
        """The name without its class or enclosing function."""
        return _short(self.name)


def uses_of(block: ir.Block, names: Names, module: str) -> tuple[Uses, ...]:
    """The top level first, then every function and class of the file."""
    reader = _Reader(block, names, module)
    functions = (reader.function(f) for f in names.functions.values())
    return (reader.uses("", block, ()), *functions, *map(reader.klass, names.classes.values()))


class _Reader:
    """Knows which names of a file mean something that it defines or imports."""

    def __init__(self, block: ir.Block, names: Names, module: str) -> None:
        self._names, self._module = names, module
        statements = tuple(walk.statements(block, nested=True))
        self._bound_by = {id(s): tuple(bound_by(s)) for s in statements}
        bound = {n for s in statements if not _of_builtins(s) for n in self._bound_by[id(s)]}
        bound |= {p.name for f in names.functions.values() for p in f.params}
        defined = {n.rpartition(".")[2] for n in (*names.functions, *names.classes)}
        defined |= set(map(_of_builtins, statements))
        known = defined | {n.rpartition(".")[2] for n in names.imports} | _BUILTINS
        self._known = known - bound

    def klass(self, cls: ir.Class) -> Uses:
        """A class leads to its `__init__` and its other hooks, and to those of its bases."""
        hooks = {f"{_short(cls.name)}.{m.short}" for m in cls.methods if m.short.startswith("__")}
        found = self.uses(cls.name, cls.body, cls.bases)
        return replace(found, names=found.names | hooks)

    def function(self, function: ir.Function) -> Uses:
        outside = (*function.decorators, *(p.default for p in function.params if p.default))
        found = self.uses(function.name, function.body, outside)
        bound = {n for s in walk.statements(function.body) for n in self._bound_by[id(s)]}
        given = frozenset(p.name for p in function.params) - bound
        annotated = tuple((p.name, word) for p in function.params for word in _words(p.annotation))
        found = replace(
            found,
            method_of=_short(function.method_of or ""),
            names=found.names | {word for _, word in annotated},  # a method of the object is one of its class
            given=given,
            annotated=annotated,
        )
        if not any(map(self._switches, function.decorators)):
            return found
        return replace(found, off=(replace(found, off=(), off_for_good=False),), off_for_good=function.yields)

    def uses(self, name: str, body: ir.Block, outside: Sequence[ir.Expr]) -> Uses:
        exprs = [*walk.all_expressions(body), *(e for x in outside for e in walk.subexpressions(x))]
        calls = [(e, self._names.origin(e.func) or "") for e in exprs if isinstance(e, ir.Call)]
        attributes = frozenset(e.name for e in exprs if isinstance(e, ir.Attr))
        named = frozenset(_last(e) for e in exprs if isinstance(e, ir.Name))
        blocks = [s for s in walk.statements(body) if isinstance(s, ir.With) and self._is_quiet(s)]
        methods = [(c.func, _is_fed(c)) for c, origin in calls if not origin and isinstance(c.func, ir.Attr)]
        return Uses(
            name,
            self._module,
            names=(attributes | named) - {"__init__"},  # the class leads there
            attributes=attributes,
            variables=frozenset(v for c, _ in calls if (v := self._variable(c.func))),
            members=frozenset(f.name for f, _ in methods),
            fed=frozenset(f.name for f, is_fed in methods if is_fed),
            imported=frozenset(_last(c.func) for c, origin in calls if origin),
            called=frozenset(_last(c.func) for c, _ in calls),
            optimizes=any(origin.startswith("torch.optim.") for _, origin in calls),
            builds=any(_builds(c.func, origin) for c, origin in calls),
            off=tuple(self.uses("", b.body, ()) for b in blocks),
            off_for_good=not _OFF.isdisjoint(attributes | named)
            and (self._stays_off(body, exprs, blocks) or _yields(blocks)),
        )

    def _stays_off(self, body: ir.Block, exprs: Sequence[ir.Expr], blocks: Sequence[ir.With]) -> bool:
        """Whether the graph is switched off other than by blocks and decorators, which switch it on again."""
        managers = [e for b in blocks for e, _ in b.items]
        managers += [
            d for s in walk.statements(body) if isinstance(s, ir.Define) for d in s.function.decorators
        ]
        return sum(map(self._is_off, exprs)) > sum(map(self._switches, managers))

    def _variable(self, func: ir.Expr) -> str:
        """The name of a callee that may hold anything; "?" for `layers[0](x)` and `build()(x)`."""
        if isinstance(func, ir.Name):
            return "" if _last(func) in self._known else _last(func)
        return "" if isinstance(func, ir.Attr) else "?"

    def _is_quiet(self, block: ir.With) -> bool:
        return any(self._switches(expr) for expr, _ in block.items)

    def _switches(self, manager: ir.Expr) -> int:
        """How often a switch of the graph is named in an expression."""
        return sum(map(self._is_off, walk.subexpressions(manager)))

    def _is_off(self, expr: ir.Expr) -> bool:
        return _last(expr) in _OFF and self._names.origin(expr) is not None


def bound_by(statement: ir.Stmt) -> Iterator[str]:
    """The variables that a statement itself binds, definitions and imports left out."""
    targets: list[ir.Expr | None] = []
    match statement:
        case ir.Assign(assigned):
            targets += assigned
        case ir.Loop(target):
            targets.append(target)
        case ir.With(items):
            targets += [target for _, target in items]
    inside = (e for x in walk.expressions(statement) for e in walk.subexpressions(x))
    targets += [e.target for e in inside if isinstance(e, ir.Bind | ir.Comprehension)]
    for target in targets:
        if target is not None:
            yield from (_last(e) for e in walk.subexpressions(target) if isinstance(e, ir.Name))


def _of_builtins(statement: ir.Stmt) -> str:
    """The name that a statement gives to a builtin or a part of one: `_strip = str.strip`."""
    match statement:
        case ir.Assign((ir.Name() as target,), value):
            return _last(target) if (walk.dotted(value) or "").partition(".")[0] in _BUILTINS else ""
        case _:
            return ""


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _last(expr: ir.Expr) -> str:
    """The last part of a name or attribute; "" for anything else."""
    if isinstance(expr, ir.Name):
        return expr.id.rpartition(".")[2]
    return expr.name if isinstance(expr, ir.Attr) else ""


def _words(annotation: ir.Expr | None) -> Iterator[str]:
    """The last parts of the names in an annotation."""
    for expr in walk.subexpressions(annotation) if annotation else ():
        if word := _last(expr):
            yield word


def _is_fed(call: ir.Call) -> bool:
    """Whether a call may hand on data: `self.pool(x)`, not `x.mean(dim=1)` or `logger.info(text)`."""
    logs = isinstance(call.func, ir.Attr) and _last(call.func.base).endswith(("log", "logger", "logging"))
    given = (*call.args, *(value for _, value in call.kwargs))
    return not logs and any(not isinstance(g, ir.Const) or isinstance(g.value, str) for g in given)


def _builds(func: ir.Expr, origin: str) -> bool:
    return _last(func) in _COPIES or (origin.startswith(LIBRARY_MODELS) and "functional" not in origin)


def _yields(blocks: Iterable[ir.With]) -> bool:
    """Whether somebody else's code runs inside of a block, as in a context manager of the file."""
    return any(isinstance(e, ir.Yield) for b in blocks for e in walk.all_expressions(b.body))
