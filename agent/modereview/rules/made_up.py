"""Forwards on inputs that are made up: `net(torch.randn(1, 3, 32, 32))` tries a model out."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.records import Forward, Program, Span
from modereview.rules import lookup

_MAKERS = frozenset(
    "torch.rand torch.randn torch.randint torch.zeros torch.ones torch.full torch.arange torch.empty "
    "torch.rand_like torch.randn_like torch.ones_like torch.zeros_like numpy.zeros numpy.ones numpy.arange "
    "numpy.random.rand numpy.random.randn numpy.random.random numpy.random.sample numpy.random.randint "
    "numpy.random.random_sample numpy.random.normal numpy.random.uniform".split()
)
# How two results are held against each other (torch.testing, numpy.testing, unittest).
_COMPARERS = frozenset(
    "assert_close assert_allclose allclose assertEqual assert_equal isclose assert_almost_equal "
    "assert_array_almost_equal assert_array_equal assertTrue".split()
)


def is_made_up(program: Program, forward: Forward) -> bool:
    """Whether each input of the forward is made of random or constant numbers in the same function."""
    body = dict(lookup.scopes(program)).get(forward.function, ())
    inputs = lookup.inputs(body, forward)
    return bool(inputs) and all(_made(program, body, each) for each in inputs)


def is_compared(program: Program, forward: Forward) -> bool:
    """Whether made-up inputs show there that two implementations agree: the numbers are nobody's results."""
    body = dict(lookup.scopes(program)).get(forward.function, ())
    inputs = lookup.inputs(body, forward)
    names = ((walk.dotted(call.func) or "").rpartition(".")[2] for call in walk.calls(body))
    return any(name in _COMPARERS for name in names) and any(_made(program, body, i) for i in inputs)


def is_asked_for_its_shape(program: Program, forward: Forward) -> bool:
    """Whether nothing is asked of what comes out but its shape: `model(x).shape`, `out["mask"].size()`."""
    body = dict(lookup.scopes(program)).get(forward.function, ())
    every = list(walk.all_expressions(body))
    asked = {whole.span for e in every for whole in _asked_for_shape(e)}
    pairs = [pair for s in walk.statements(body) for pair in lookup.bindings(s)]
    targets = [target for target, value in pairs if value.span == forward.span]
    if len(targets) != 1:
        return forward.span in asked
    name, given = walk.dotted(targets[0]), targets[0].span
    again = [(t.span, value.span) for t, value in pairs if walk.dotted(t) == name and t.span > given]
    target, value = min(again, default=(None, None))
    mentions = [e.span for e in every if isinstance(e, ir.Attr | ir.Name) and walk.dotted(e) == name]
    later = [s for s in mentions if s > given and s != target and (value is None or s < _end(value))]
    return bool(later) and all(span in asked for span in later)


def _end(span: Span) -> Span:
    return Span(span.end_line, span.end_column, span.end_line, span.end_column)


def _asked_for_shape(expr: ir.Expr) -> Iterator[ir.Expr]:
    """What `expr` asks for its shape, from the part to the whole: `out["mask"]` and `out`."""
    match expr:
        case ir.Attr(base, "shape" | "size"):
            part: ir.Expr | None = base
        case ir.Call(ir.Name("len"), (part,)):
            pass
        case _:
            return
    while part is not None:
        yield part
        part = part.base if isinstance(part, ir.Item | ir.Attr) else None


def _made(program: Program, body: ir.Block, expr: ir.Expr, through: frozenset[Span] = frozenset()) -> bool:
    """A call of a maker, what it is given to or asked (`torch.tensor(made)`, `made.to(0)`), or a name for it.

    `through` are the uses of names that led here: of `x = x.to(device)` alone nothing tells what x was.
    """
    if isinstance(expr, ir.Star):
        return _made(program, body, expr.value, through)
    if isinstance(expr, ir.Name) and expr.span not in through:
        values = _values(body, expr)
        return bool(values) and all(_made(program, body, v, through | {expr.span}) for v in values)
    given = expr.args[:1] if isinstance(expr, ir.Call) else ()
    asked = (expr.func.base,) if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Attr) else ()
    return _calls_maker(program, expr) or any(_made(program, body, g, through) for g in (*given, *asked))


def _values(body: ir.Block, name: ir.Name) -> list[ir.Expr]:
    """What the name was given before its use; in a loop also behind it."""
    statements = list(walk.statements(body))
    looped = any(isinstance(s, ir.Loop) and walk.within(name.span, s.span) for s in statements)
    pairs = [pair for s in statements for pair in lookup.bindings(s)]
    return [
        value
        for target, value in pairs
        if walk.dotted(target) == name.id
        and (looped or (target.span < name.span and not walk.within(name.span, value.span)))
    ]


def _calls_maker(program: Program, expr: ir.Expr) -> bool:
    assert program.names is not None
    calls = (e for e in walk.subexpressions(expr) if isinstance(e, ir.Call))
    return any(program.names.origin(call.func) in _MAKERS for call in calls)
