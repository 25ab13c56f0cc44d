"""Forwards on inputs that are made up: `net(torch.randn(1, 3, 32, 32))` tries a model out."""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.records import Forward, Program
from modereview.rules import lookup

_MAKERS = frozenset(
    "torch.rand torch.randn torch.randint torch.zeros torch.ones torch.full torch.arange torch.empty "
    "torch.rand_like torch.randn_like torch.ones_like torch.zeros_like".split()
)
# How two results are held against each other (torch.testing, numpy.testing, unittest).
_COMPARERS = frozenset("assert_close assert_allclose allclose assertEqual assert_equal isclose".split())


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


def is_probe(program: Program, forward: Forward) -> bool:
    """Whether made-up inputs go in, and nothing is asked of what comes out but its shape."""
    body = dict(lookup.scopes(program)).get(forward.function, ())
    pairs = [pair for s in walk.statements(body) for pair in lookup.bindings(s)]
    targets = [target for target, value in pairs if value.span == forward.span]
    if len(targets) != 1 or not is_made_up(program, forward):
        return False
    every = [e for e in walk.all_expressions(body) if isinstance(e, ir.Attr | ir.Name)]
    asked = [e.base.span for e in every if isinstance(e, ir.Attr) and e.name in ("shape", "size")]
    name, given = walk.dotted(targets[0]), targets[0].span
    mentions = [e.span for e in every if walk.dotted(e) == name and e.span != given]
    return bool(mentions) and all(span in asked for span in mentions)


def _made(program: Program, body: ir.Block, expr: ir.Expr) -> bool:
    """A call of a maker, or a name that is assigned nothing else."""
    if isinstance(expr, ir.Name):
        pairs = (pair for s in walk.statements(body) for pair in lookup.bindings(s))
        values = [value for target, value in pairs if walk.dotted(target) == expr.id]
        return bool(values) and all(_calls_maker(program, value) for value in values)
    return _calls_maker(program, expr)


def _calls_maker(program: Program, expr: ir.Expr) -> bool:
    assert program.names is not None
    calls = (e for e in walk.subexpressions(expr) if isinstance(e, ir.Call))
    return any(program.names.origin(call.func) in _MAKERS for call in calls)
