"""Models that a loop hands out one by one: `for net in nets: net(x)`. A switch has to go over all of them."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.records import Forward, Program, Span
from modereview.rules.meeting import body_of


def source(program: Program, forward: Forward) -> tuple[str, Span] | None:
    """What the loop around a forward takes its model from, as written ("self.nets"), and the loop's place."""
    body = body_of(program, forward.function)
    for target, iterable, span in _loops(body):
        around = walk.within(forward.span, span) and forward.span != span
        found = _given(forward.model, target, iterable) if around else None
        if found is not None and _is_free(forward.model, body, span):
            return found, span
    return None


def switch(model: str, models: str, how: str) -> str:
    """The statement that switches each of them."""
    return f"for {model} in {models}:\n    {model}.{how}()"


def _loops(body: ir.Block) -> Iterator[tuple[ir.Expr, ir.Expr, Span]]:
    for statement in walk.statements(body):
        if isinstance(statement, ir.Loop) and statement.target is not None and statement.iterable is not None:
            yield statement.target, statement.iterable, statement.span
    for expr in walk.all_expressions(body):
        if isinstance(expr, ir.Comprehension):
            yield expr.target, expr.iterable, expr.span


def _given(model: str, target: ir.Expr, iterable: ir.Expr) -> str | None:
    """`nets` for `net in nets` and what counts or pairs them; of a dict its `nets.values()`."""
    match target, iterable:
        case ir.Name(name), ir.Name() | ir.Attr() if name == model:
            return walk.dotted(iterable)
        case ir.Name(name), ir.Call(ir.Attr(models, "values"), ()) if name == model:
            return _values(models)
        case ir.Items((_, ir.Name(name))), ir.Call(ir.Attr(models, "items"), ()) if name == model:
            return _values(models)
        case ir.Items((_, ir.Name(name))), ir.Call(ir.Name("enumerate"), (models, *_)) if name == model:
            return walk.dotted(models)
        case ir.Items(names), ir.Call(ir.Name("zip"), models) if len(names) == len(models):
            pairs = zip(names, models, strict=True)
            return next((walk.dotted(m) for n, m in pairs if walk.dotted(n) == model), None)
        case _:
            return None


def _values(models: ir.Expr) -> str | None:
    text = walk.dotted(models)
    return f"{text}.values()" if text else None


def _is_free(model: str, body: ir.Block, loop: Span) -> bool:
    """Whether the function means nothing else by the name: a comprehension hides a function `net`."""
    names = (e for e in walk.all_expressions(body) if isinstance(e, ir.Name) and e.id == model)
    bound = [
        span for target, _, span in _loops(body) if model in map(walk.dotted, walk.subexpressions(target))
    ]
    return all(any(walk.within(name.span, span) for span in bound) for name in names)
