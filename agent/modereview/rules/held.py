"""Layers that a class keeps where a module does not look: plain lists, tuples, dicts, lambdas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import COLLECTING
from modereview.records import Program, Span
from modereview.rules import lookup
from modereview.rules.layers import layer

_PLAIN = {"list": "list", "tuple": "tuple", "set": "set", "dict": "dict", "OrderedDict": "dict"} | {
    "defaultdict": "dict",
    "deque": "list",
}


@dataclass(frozen=True)
class Held:
    """An attribute that holds layers in a container that is no module."""

    attr: str  # "self.layers"
    container: str  # "list", "tuple", "set", "dict", "lambda"
    kind: str  # of the first layer in it: "Linear"
    value: ir.Expr  # what the attribute is assigned
    span: Span  # of that assignment
    function: str  # qualified name of the method that assigns it
    names: frozenset[str]  # the attribute and the local lists that it was made of
    grows: bool  # whether layers are put in later
    hidden: bool  # a single network alone in a display: how people hide one on purpose
    only_layers: bool = False  # whether all that is put in later builds layers


def held(program: Program, cls: str) -> Iterator[Held]:
    """Attributes that the class assigns a plain container, and that come to hold layers, each once."""
    assert program.names is not None
    found: set[str] = set()
    for method in program.names.classes[cls].methods:
        for statement in walk.statements(method.body):
            for target, value in lookup.bindings(statement):
                if _takes_apart(statement, value):
                    continue
                attr = walk.dotted(target) or ""
                if attr.startswith("self.") and attr.count(".") == 1 and attr not in found:
                    each = _held(program, cls, method, attr, value, statement.span)
                    if each is not None:
                        found.add(attr)
                        yield each


def _takes_apart(statement: ir.Stmt, value: ir.Expr) -> bool:
    """Whether each target gets one of the layers: `self.a, self.b = [Block() for _ in range(2)]`."""
    match statement:
        case ir.Assign(targets, whole):
            return value is whole and any(isinstance(target, ir.Items) for target in targets)
        case _:
            return False


def _held(
    program: Program, cls: str, method: ir.Function, attr: str, value: ir.Expr, span: Span
) -> Held | None:
    names = {attr}
    if isinstance(value, ir.Name):  # a local list, filled before or after
        names.add(value.id)
        starts = [v for t, v in _bindings(method) if walk.dotted(t) == value.id and container(v)]
        value = starts[0] if starts else value
    plain = container(value)
    if plain is None:
        return None
    added = list(_added(program, cls, method, frozenset(names)))
    first = elements(value)
    kinds = (kind_of(program, cls, method, e) for e in (*first, *added))
    kind = next((k for k in kinds if k), None)
    hidden = isinstance(value, ir.Items) and len(first) == 1 and not added
    only = bool(added) and all(kind_of(program, cls, method, e) for e in added)
    held = Held(
        attr, plain, kind or "", value, span, method.name, frozenset(names), bool(added), hidden, only
    )
    return held if kind else None


def container(value: ir.Expr) -> str | None:
    """What a display, comprehension, call of `list` or lambda makes; None for all else."""
    match value:
        case ir.Items() | ir.Comprehension():
            return "list"
        case ir.Pairs():
            return "dict"
        case ir.Lambda():
            return "lambda"
        case ir.Call(func):
            return _PLAIN.get((walk.dotted(func) or "").rpartition(".")[2])
        case ir.Other((ir.Items(), *_)) | ir.Other((_, ir.Items())):  # `[None] * n`
            return "list"
        case _:
            return None


def elements(value: ir.Expr) -> tuple[ir.Expr, ...]:
    """What a container is made to hold, containers within it included."""
    match value:
        case ir.Items(items) | ir.Other(items):
            parts = items
        case ir.Pairs(pairs):
            parts = tuple(v for _, v in pairs)
        case ir.Comprehension(element=element):
            parts = (element,)
        case ir.Star(inner):
            parts = (inner,)
        case ir.Choice(_, then, orelse):
            parts = (then, orelse)
        case ir.Call(func, args, kwargs) if (walk.dotted(func) or "").rpartition(".")[2] in _PLAIN:
            parts = (*args, *(v for _, v in kwargs))
        case ir.Lambda(function):
            return tuple(c.func for c in walk.calls(function.body))
        case _:
            return (value,)
    return tuple(e for part in parts for e in elements(part))


def kind_of(program: Program, cls: str, method: ir.Function, element: ir.Expr) -> str | None:
    """The kind of layer that an element is, unless it is an attribute of `self` as well."""
    if not isinstance(element, ir.Name):
        return layer(program, element, cls)
    kept = (
        (walk.dotted(t) or "").startswith("self.")
        for t, v in _bindings(method)
        if walk.dotted(v) == element.id
    )
    made = (v for t, v in _bindings(method) if walk.dotted(t) == element.id)
    return None if any(kept) else next((k for v in made if (k := layer(program, v, cls))), None)


def _added(program: Program, cls: str, method: ir.Function, names: frozenset[str]) -> Iterator[ir.Expr]:
    """What is put into the container after it was made; an attribute may be filled by any method."""
    assert program.names is not None
    for each in program.names.classes[cls].methods:
        for statement in walk.statements(each.body):
            for target, value in lookup.bindings(statement):
                if isinstance(target, ir.Item) and _is(target.base, names, each is method):
                    yield from elements(value)
                if isinstance(value, ir.Other) and _is(target, names, each is method):  # `layers += [...]`
                    yield from elements(value)
        for call in walk.calls(each.body):
            match call.func:
                case ir.Attr(base, name) if name in COLLECTING and _is(base, names, each is method):
                    yield from (e for a in call.args for e in elements(a))


def _is(expr: ir.Expr, names: frozenset[str], same: bool) -> bool:
    text = walk.dotted(expr) or ""
    return text in names and (same or text.startswith("self."))


def _bindings(method: ir.Function) -> Iterator[tuple[ir.Expr, ir.Expr]]:
    return (pair for s in walk.statements(method.body) for pair in lookup.bindings(s))
