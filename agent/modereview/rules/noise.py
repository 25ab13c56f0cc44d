"""Random numbers in a function that meet activations: which values are random, which come from the input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.records import Program
from modereview.rules import lookup

# Functions that draw a tensor or an array anew at each call (torch and numpy documentation).
_DRAWS = re.compile(
    r"torch\.(randn?(_like)?|normal|bernoulli|poisson)"
    r"|(numpy|np)\.random\.(randn?|normal|uniform|random|random_sample|binomial|laplace)"
)
_DRAWS_IN_PLACE = frozenset({"normal_", "uniform_", "bernoulli_", "bernoulli", "log_normal_", "exponential_"})
_COMBINES = frozenset({"add", "add_", "mul", "mul_", "sub", "sub_"})
_OPERATOR = re.compile(r"[\s()\\]*([-+*]=?)[\s()\\]*")
_SHAPE = re.compile(r"\.(shape|device|dtype|size|dim|new_\w+|type|requires_grad)\b|_like\b|\blen\b")


@dataclass(frozen=True)
class Meeting:
    """A sum or product of activations with random numbers."""

    expr: ir.Expr
    operator: str  # "+", "-" or "*"
    random: ir.Expr
    other: ir.Expr
    drawn: ir.Expr  # the call that draws


@dataclass(frozen=True)
class _Values:
    """What local names of a function hold."""

    random: dict[str, ir.Expr]  # name -> the call that draws it
    active: frozenset[str]  # names that hold the input, or what was computed from it


def meetings(program: Program, function: ir.Function) -> Iterator[Meeting]:
    """Every place of a function where random numbers are added to, or multiplied with, activations."""
    if not any(_draws(program, c) for c in walk.calls(function.body)):
        return
    values = _values(program, function)
    for expr in walk.all_expressions(function.body):
        for operator, left, right in _combined(program, expr):
            for random, other in ((left, right), (right, left)):
                drawn = drawn_in(program, random, values.random)
                if drawn and not drawn_in(program, other, values.random) and _active(other, values.active):
                    yield Meeting(expr, operator, random, other, drawn)


def drawn_in(program: Program, expr: ir.Expr, names: dict[str, ir.Expr]) -> ir.Expr | None:
    """The call that draws what an expression holds; what another function makes of it is its own."""
    match expr:
        case ir.Name(id):
            return names.get(id)
        case ir.Call() if _draws(program, expr):
            return expr
        case ir.Call(ir.Attr(base, name), args):
            if name in _COMBINES or name in ("to", "cuda", "type_as", "float", "expand_as", "expand", "view"):
                parts: tuple[ir.Expr, ...] = (base, *args)
            else:
                parts = (base,) if name in ("clone", "detach", "floor", "clamp", "unsqueeze", "div") else ()
        case ir.Compare(_, left, right):
            parts = (left, right)
        case ir.Other(children):
            parts = children
        case ir.Attr(base):
            return None
        case _:
            return None
    return next((d for p in parts if (d := drawn_in(program, p, names))), None)


def _draws(program: Program, call: ir.Expr) -> bool:
    if not isinstance(call, ir.Call) or program.names is None:
        return False
    in_place = isinstance(call.func, ir.Attr) and call.func.name in _DRAWS_IN_PLACE
    return in_place or bool(_DRAWS.fullmatch(program.names.origin(call.func) or ""))


def _values(program: Program, function: ir.Function) -> _Values:
    """Follow assignments once, in the order of the text."""
    random: dict[str, ir.Expr] = {}
    active = {p.name for p in function.params[1:] if p.default is None}
    for statement in walk.statements(function.body):
        for target, value in lookup.bindings(statement):
            name = walk.dotted(target) or ""
            drawn = drawn_in(program, value, random)
            computed = _active(value, frozenset(active))
            if drawn and not (computed and _meets(program, value, random, frozenset(active))):
                random[name] = drawn
            elif computed:
                active.add(name)
                random.pop(name, None)
    return _Values(random, frozenset(active) - set(random))


def _meets(program: Program, value: ir.Expr, random: dict[str, ir.Expr], active: frozenset[str]) -> bool:
    """Whether a value is a sum or product of both kinds: an activation with noise, no longer noise."""
    return any(
        bool(drawn_in(program, a, random)) != bool(drawn_in(program, b, random))
        and (_active(a, active) or _active(b, active))
        for expr in walk.subexpressions(value)
        for _, a, b in _combined(program, expr)
    )


def _active(expr: ir.Expr, names: frozenset[str]) -> bool:
    """Whether the values of the input are in it, not just its shape or device."""
    match expr:
        case ir.Attr(_, name) if _SHAPE.search("." + name):
            return False
        case ir.Call(func) if _SHAPE.search("." + (walk.dotted(func) or "")):
            return False
        case ir.Name(id):
            return id in names
        case ir.Lambda() | ir.Comprehension():
            return False
        case _:
            return any(_active(child, names) for child in walk.children(expr))


def _combined(program: Program, expr: ir.Expr) -> Iterator[tuple[str, ir.Expr, ir.Expr]]:
    """(operator, left, right) of `a + b`, `a * b`, `a += b`, `a.add(b)`, `torch.mul(a, b)`."""
    match expr:
        case ir.Other((left, right)):
            between = _between(program, left, right)
            if found := _OPERATOR.fullmatch(between):
                yield found[1][0], left, right
        case ir.Call(ir.Attr(ir.Name("torch"), name), (left, right, *_)) if name in _COMBINES:
            yield _sign(name), left, right
        case ir.Call(ir.Attr(left, name), (right, *_)) if name in _COMBINES:
            yield _sign(name), left, right


def _sign(name: str) -> str:
    return {"a": "+", "m": "*", "s": "-"}[name[0]]


def _between(program: Program, left: ir.Expr, right: ir.Expr) -> str:
    """The text between two operands: an operator, and brackets around them."""
    a, b = left.span, right.span
    if (a.end_line, a.end_column) > (b.line, b.column):
        return ""
    code = program.source.lines
    if a.end_line == b.line:
        return code[a.end_line - 1][a.end_column - 1 : b.column - 1]
    return code[a.end_line - 1][a.end_column - 1 :] + code[b.line - 1][: b.column - 1]
