"""Models that are not there in every run: `ema` is None, or made only where an option asks for it.

A switch of such a model belongs under what the file itself asks before it runs the model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from modereview.analyze import ir, walk
from modereview.records import Program, Span
from modereview.rules import conditions, lookup
from modereview.rules.conditions import ASKS, Condition
from modereview.rules.meeting import body_of


def guarded(program: Program, function: str, model: str, statement: str, place: Span | None = None) -> str:
    """The statement, under the test that the function asks before it runs the model at all.

    `place` is a statement of the function that it goes before or behind; at the start nothing is asked yet.
    """
    at = (held for s, held in conditions.statements(body_of(program, function)) if s.span == place)
    test = _test(program, function, model, {conditions.key(program, c) for c in next(at, ())}, place)
    return conditions.under(test, statement)


def block_of(program: Program, function: str, model: str) -> ir.If | None:
    """The block of the function that the test of `guarded` opens already, if it holds every use."""
    test = _test(program, function, model, set(), None)
    blocks = (s for s in body_of(program, function) if isinstance(s, ir.If))
    return next((s for s in blocks if test and program.source.slice(s.test.span) == test), None)


def ends_without(statement: ir.Stmt, model: str) -> bool:
    """Whether it leaves the function where the model is not there: `if ema is None: return`."""
    return (
        isinstance(statement, ir.If)
        and conditions.leaves(statement.body)
        and _says(statement.test, False, model)
    )


def meets_none(before: Program, after: Program) -> bool:
    """Whether a switch that only `after` has can meet a model that is not there."""
    known = Counter((name, text) for name, _, text, _ in _switches(before))
    for name, model, text, held in _switches(after):
        if known[name, text]:
            known[name, text] -= 1
        elif _is_unasked(before, name, model, held, after):
            return True
    return False


def _is_unasked(before: Program, name: str, model: str, held: Sequence[Condition], after: Program) -> bool:
    if any(_says(test, truth, model) for test, truth in held):
        return False
    asked = {conditions.key(after, c) for c in held}
    common = _common(before, name, model)
    missing = [c for c in common if conditions.key(before, c) not in asked]
    made = [*_made(before, name, model)]
    if any(_says(test, truth, model) for test, truth in missing):
        return True
    if not common:  # it is run unasked as well, unless it is only handed on
        return any(_is_none(v) and isinstance(v, ir.Choice) for v, _ in _bound(body_of(before, name), model))
    absent = any(_is_none(value) for value, _ in made) or (bool(made) and all(test for _, test in made))
    return bool(missing) and absent


def _test(
    program: Program, function: str, model: str, asked: set[tuple[str, bool]], place: Span | None
) -> str:
    """What else is asked before every use of the model in a function, as it is written; "" for nothing."""
    common = [
        c[0] for c in _common(program, function, model) if c[1] and conditions.key(program, c) not in asked
    ]
    parts = [
        part
        for test in common
        for part in (test.operands if isinstance(test, ir.Logic) and test.conjunction else (test,))
    ]
    options = {program.source.slice(test.span) for _, test in _made(program, function, model) if test}
    test = next((p for p in parts if _says(p, True, model)), None)
    test = test or next((t for t in common if program.source.slice(t.span) in options), None)
    if test is None or not conditions.may_move(program, function, test, [lookup.root_of(model)], place):
        return ""
    return program.source.slice(test.span)


def _common(program: Program, function: str, model: str) -> list[Condition]:
    """The conditions around every use of a model in a function, outermost first."""
    body = body_of(program, function)
    return conditions.common(program, [held for call, held in conditions.calls(body) if _uses(call, model)])


def _uses(call: ir.Call, model: str) -> bool:
    """Whether a call runs the model, asks something of it, or hands it on."""
    func = walk.dotted(call.func) or ""
    own = func == model or func.startswith(f"{model}.")
    given = (*call.args, *(value for _, value in call.kwargs))
    return own or (func not in ASKS and any(walk.dotted(a) == model for a in given))


def _switches(program: Program) -> Iterator[tuple[str, str, str, tuple[Condition, ...]]]:
    """(function, model, text, conditions) of each switch."""
    for name, body in lookup.scopes(program):
        for call, held in conditions.calls(body):
            if isinstance(call.func, ir.Attr) and call.func.name in ("eval", "train"):
                model = walk.dotted(call.func.base)
                if model is not None and model != "self":
                    yield name, model, program.source.slice(call.span), held


def _says(test: ir.Expr, truth: bool, model: str) -> bool:
    """Whether a test that came out so says that the model is there."""
    match test:
        case ir.Not(operand):
            return _says(operand, not truth, model)
        case ir.Logic(conjunction, operands):
            return truth is conjunction and any(_says(o, truth, model) for o in operands)
        case ir.Compare("is not" | "!=", left, ir.Const(None)):
            return truth and walk.dotted(left) == model
        case ir.Compare("is" | "==", left, ir.Const(None)):
            return not truth and walk.dotted(left) == model
        case ir.Call(ir.Name("hasattr"), (owner, ir.Const(str() as name))):
            return truth and f"{walk.dotted(owner)}.{name}" == model
        case _:
            return truth and walk.dotted(test) == model


def _made(program: Program, function: str, model: str) -> Iterator[tuple[ir.Expr, ir.Expr | None]]:
    """What a model's name is given where it is bound, and the test that this hangs on."""
    assert program.names is not None
    known = program.names.functions.get(function)
    if known is not None:
        yield from ((p.default, None) for p in known.params if p.name == model and p.default is not None)
    owner = function.rpartition(".")[0] if model.startswith("self.") else None
    for name, body in lookup.scopes(program):
        own = name in (function, "") if owner is None else name.rpartition(".")[0] == owner
        yield from _bound(body, model) if own else ()


def _bound(
    block: ir.Block, model: str, test: ir.Expr | None = None
) -> Iterator[tuple[ir.Expr, ir.Expr | None]]:
    for statement in block:
        for target, value in lookup.bindings(statement):
            if walk.dotted(target) == model:
                yield value, value.test if isinstance(value, ir.Choice) and _is_none(value.orelse) else test
        for inner in walk.blocks(statement):
            yield from _bound(inner, model, statement.test if isinstance(statement, ir.If) else test)


def _is_none(value: ir.Expr) -> bool:
    match value:
        case ir.Const(None):
            return True
        case ir.Choice(_, then, orelse):
            return _is_none(then) or _is_none(orelse)
        case _:
            return False
