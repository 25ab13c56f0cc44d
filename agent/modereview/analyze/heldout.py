"""Calls that work on held-out data, as far as the names of loaders say it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.records import Span

_HELD_OUT = re.compile(
    r"^(val|valid|validation|test|testing|eval|dev)_?(data)?_?"
    r"(loaders?|sets?|iter|iterator|dl|ds|queue|gen|generator|batch|batches|data|dataset)$",
    re.IGNORECASE,
)
_DATA = re.compile(r"(loaders?|sets?|iter|iterator|dl|ds|queue|batch|batches|data)$", re.IGNORECASE)
_SPLIT = r"(val|valid|validation|test|testing|eval|dev)"
_INPUT = r"(xs?|inputs?|images?|imgs?|features?|samples?)"
_HELD_OUT_INPUT = re.compile(rf"^({_INPUT}_?{_SPLIT}|{_SPLIT}_?{_INPUT})(_?(tensor|t|data))?$", re.IGNORECASE)
_HELD_OUT_KEY = re.compile(r"^(val|valid|validation|test|eval|dev)$", re.IGNORECASE)


def held_out_calls(block: ir.Block) -> frozenset[Span]:
    """The spans of all calls on held-out data.

    They are in loops over it, follow a batch that is drawn from it, or are given it by name: `model(X_test)`,
    `run_epoch(model, val_loader)`.
    """
    looped = frozenset(span for part in _bodies(block) for span in _calls(part))
    parts = tuple(walk.all_expressions(block, nested=True))
    names = {part.id.rpartition(".")[2] for part in parts if isinstance(part, ir.Name)}
    names |= {part.name for part in parts if isinstance(part, ir.Attr)}
    inputs = frozenset(filter(_HELD_OUT_INPUT.match, names))
    if not inputs and not any(map(_HELD_OUT.match, names)):  # as in most files
        return looped
    given = (c.span for c in walk.calls(block, nested=True) if _is_given(c, inputs) or _is_given_no_other(c))
    return looped | frozenset(given)


def _is_given(call: ir.Call, inputs: frozenset[str]) -> bool:
    given = (*call.args, *(value for _, value in call.kwargs))
    return any(_last(part) in inputs for value in given for part in walk.subexpressions(value))


def _is_given_no_other(call: ir.Call) -> bool:
    """Whether all data that it is given is held out: not `fit(model, loader, val_loader)`."""
    data = [
        text for value in (*call.args, *(v for _, v in call.kwargs)) if _DATA.search(text := _last(value))
    ]
    return bool(data) and all(map(_HELD_OUT.match, data))


def _last(part: ir.Expr) -> str:
    """The last part of a name or of a chain of attributes."""
    return (walk.dotted(part) or "").rpartition(".")[2]


def _bodies(block: ir.Block) -> Iterator[ir.Block]:
    """The file's blocks: its own, those of its functions, and those inside of statements."""
    yield block
    for statement in walk.statements(block, nested=True):
        yield from walk.blocks(statement)
        if isinstance(statement, ir.Define):
            yield statement.function.body
        elif isinstance(statement, ir.DefineClass):
            yield from (method.body for method in statement.cls.methods)


def _calls(block: ir.Block) -> Iterator[Span]:
    drawn = False
    for statement in block:
        over = isinstance(statement, ir.Loop) and statement.iterable is not None
        held = over and is_held_out(statement.iterable)  # type: ignore[union-attr, arg-type]
        if drawn or held:
            yield from (call.span for call in walk.calls((statement,)))
        elif isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Call):
            drawn = walk.dotted(statement.value.func) == "next" and is_held_out(statement.value)


def is_held_out(iterable: ir.Expr) -> bool:
    """Whether an iterable is, or is made of, what people name held-out data: `enumerate(test_loader)`."""
    for part in walk.subexpressions(iterable):
        text = walk.dotted(part)
        if text is not None and _HELD_OUT.match(text.rpartition(".")[2]):
            return True
        key = part.key if isinstance(part, ir.Item) else None
        if isinstance(key, ir.Const) and isinstance(key.value, str) and _HELD_OUT_KEY.match(key.value):
            return True
    return False
