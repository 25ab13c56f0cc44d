"""A function that trains or evaluates as a condition says: the mode has to follow the same condition."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Edit, Forward, Program
from modereview.rules import conditions
from modereview.rules.meeting import body_of
from modereview.rules.placing import at_start


def by_condition(program: Program, forward: Forward, model: str) -> tuple[str, Edit] | None:
    """The condition on which a forward's loss goes backward, and the switch by it before the data is read."""
    body = body_of(program, forward.function)
    if any(_is_switch(call, model) for call in walk.calls(body)):
        return None
    for test, truth in _deciding(program, forward, body):
        text = program.source.slice(test.span)
        statement = _chosen(model, text, truth)
        for edit in _places(program, forward, body, test, model, statement) if "\n" not in text else ():
            return text, edit
    return None


def by_else(program: Program, forward: Forward, model: str) -> tuple[str, Edit] | None:
    """The `if training:` that puts the model into TRAIN and nothing else into EVAL, and its `else`."""
    body = body_of(program, forward.function)
    deciding = [conditions.key(program, c) for c in _deciding(program, forward, body)]
    if sum(_is_switch(call, model) for call in walk.calls(body)) != 1:
        return None
    for statement in walk.statements(body):
        if not isinstance(statement, ir.If) or statement.orelse:
            continue
        on = any(isinstance(s, ir.Do) and _trains(s.value, model) for s in statement.body)
        if on and conditions.key(program, (statement.test, True)) in deciding:
            text = program.source.slice(statement.test.span)
            other = f"else:\n    {model}.eval()"
            return text, edits.insert_after(program.source, statement.span, other)
    return None


def _deciding(program: Program, forward: Forward, body: ir.Block) -> list[conditions.Condition]:
    """The outermost condition on which a loss goes backward, if the forward does not stand under it."""
    held = [h for call, h in conditions.calls(body) if call.span == forward.span]
    trains = [h for call, h in conditions.calls(body) if _is_method(call, "backward")]
    if not held or not trains:
        return []
    around = {conditions.key(program, c) for c in held[0]}
    return [c for c in conditions.common(program, trains) if conditions.key(program, c) not in around][:1]


def _trains(value: ir.Expr, model: str) -> bool:
    return (
        isinstance(value, ir.Call)
        and _is_method(value, "train")
        and not (value.args or value.kwargs)
        and _is_switch(value, model)
    )


def _places(
    program: Program, forward: Forward, body: ir.Block, test: ir.Expr, model: str, statement: str
) -> Iterator[Edit]:
    """At the start of the function; where a loop decides (`for phase in phases:`), first in that loop."""
    loops = [s for s in walk.statements(body) if isinstance(s, ir.Loop) and walk.within(forward.span, s.span)]
    asked = {e.id for e in walk.subexpressions(test) if isinstance(e, ir.Name)}
    deciding = [loop for loop in loops if asked.intersection(conditions.made_by(loop))]
    known = {name for loop in deciding for name in conditions.made_by(loop)}
    bound = {
        name for s in walk.statements(body) if isinstance(s, ir.Assign) for name in conditions.made_by(s)
    }
    if not conditions.may_move(program, forward.function, test, known) or asked & bound:
        return
    if deciding and deciding[-1] is not loops[-1]:  # the loop over the data does not choose for each batch
        yield edits.insert_first(program.source, deciding[-1].span, statement)
    elif not deciding and forward.function:
        yield from at_start(program, forward.function, model, statement)


def _chosen(model: str, test: str, truth: bool) -> str:
    modes = ("train", "eval") if truth else ("eval", "train")
    return f"if {test}:\n    {model}.{modes[0]}()\nelse:\n    {model}.{modes[1]}()"


def _is_method(call: ir.Call, name: str) -> bool:
    return isinstance(call.func, ir.Attr) and call.func.name == name


def _is_switch(call: ir.Call, model: str) -> bool:
    named = isinstance(call.func, ir.Attr) and call.func.name in ("train", "eval")
    return named and isinstance(call.func, ir.Attr) and walk.dotted(call.func.base) == model
