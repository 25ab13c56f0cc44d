"""Where a `train()` belongs: the edits that put a model back into TRAIN before it is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Edit, Finding, Fix, Forward, Mode, Program, Span
from modereview.rules import absent, lookup, several
from modereview.rules.base import fix
from modereview.rules.choosing import is_chosen
from modereview.rules.meeting import Meeting, body_of, meeting
from modereview.rules.placing import at_start, first_in, forward_of, name_in

_AGAIN = "training sees dropout and batch statistics again: expect other loss curves; checkpoints still load"


def train_fixes(program: Program, finding: Finding) -> Iterator[Fix]:
    """Ways to put the model back into TRAIN before it is trained on, the best first."""
    forward = forward_of(program, finding, Mode.EVAL, training=True)
    where = meeting(program, forward) if forward is not None else None
    if forward is None or where is None or _is_chosen_there(program, forward, where):
        return
    yield from _second_eval(program, finding, forward)
    models = several.source(program, forward)
    if models is not None:
        yield from _each_trains(program, finding, forward, where, models)
        return
    model = name_in(program, forward, where.function, where.forward)
    if model:
        yield from _in_place_of_eval(program, finding, forward, where, model)
    if model and where.within_epoch and where.forward != where.switch:
        yield from _after_each(program, finding, forward, model)
        edit = _put_behind(program, _behind(program, where, forward), f"{model}.train()")
        if edit is not None:
            yield _trains(program, finding, f"call `{model}.train()` after the evaluation", edit)
    here = [_in_meeting(program, finding, where, model)] if model else []
    called = where.depth < len(forward.through)
    own = called and not _also_evaluates(program, forward, where)
    there = list(_in_callee(program, finding, forward, forward.through[where.depth])) if own else []
    yield from here + there if _is_a_step(program, forward, where) else there + here


def _is_chosen_there(program: Program, forward: Forward, where: Meeting) -> bool:
    """Whether the function itself chooses one of both modes: a `train()` behind that would overrule it."""
    here = where.function == forward.function and where.switch == forward.switch
    return here and is_chosen(program, forward)


def _each_trains(
    program: Program, finding: Finding, forward: Forward, where: Meeting, models: tuple[str, Span]
) -> Iterator[Fix]:
    """Every model that the loop around the training goes over, first in an epoch of the same function."""
    name, goes_over = models
    loop = where.loop if where.function == forward.function else None
    if loop is not None and not walk.within(loop.span, goes_over):
        statement = several.switch(forward.model, name, "train")
        edit = edits.insert_first(program.source, loop.span, statement)
        title = f"call `train()` on each of `{name}` at the start of each {_turn(loop)}"
        yield _trains(program, finding, title, edit)


def _also_evaluates(program: Program, forward: Forward, where: Meeting) -> bool:
    """Whether what is called to train is called behind the `eval()` as well, for its sake: to act or test."""
    others = (f for f in program.forwards if f.span == forward.span and f.switch == forward.switch)
    places = {f.path[where.depth] for f in others if len(f.path) > where.depth} - {where.forward}
    blocks = [b for b in walk.all_blocks(where.body) if any(walk.within(where.switch, s.span) for s in b)]
    behind = [s.span for s in (blocks[-1] if blocks else ()) if s.span > where.switch]
    return any(walk.within(place, span) for place in places for span in behind)


def _turn(loop: ir.Loop) -> str:
    """What one pass of a loop is called: an iteration where its variable says so."""
    name = (walk.dotted(loop.target) or "") if loop.target is not None else ""
    return "iteration" if name.lower().startswith(("iter", "step", "batch")) else "epoch"


def _is_a_step(program: Program, forward: Forward, where: Meeting) -> bool:
    """Whether what is called to train does so for one batch: a loop around the call goes over the data."""
    names, places = forward.through[where.depth :], (*forward.path, forward.span)[where.depth + 1 :]
    loops = (
        walk.within(place, s.span)
        for name, place in zip(names, places, strict=False)
        for s in walk.statements(body_of(program, name))
        if isinstance(s, ir.Loop)
    )
    around = [s for s in walk.statements(where.body) if isinstance(s, ir.Loop)]
    return not any(loops) and any(walk.within(where.forward, s.span) for s in around if s is not where.loop)


def _in_place_of_eval(
    program: Program, finding: Finding, forward: Forward, where: Meeting, model: str
) -> Iterator[Fix]:
    """In place of an `eval()` right before the training, where nothing but the training hangs on it."""
    blocks = list(walk.all_blocks(where.body))
    pairs = (pair for block in blocks for pair in pairwise(block))
    meant = any(a.span == forward.switch and walk.within(where.forward, b.span) for a, b in pairs)
    others = any(f.role != "train" for f in program.forwards if f.switch == forward.switch)
    call = program.source.slice(where.switch)
    if call == f"{model}.eval()" and meant and not others:
        edit = edits.replace(program.source, where.switch, f"{model}.train()")
        yield _trains(program, finding, f"call `{model}.train()` instead of `{call}`", edit)


def _after_each(program: Program, finding: Finding, forward: Forward, model: str) -> Iterator[Fix]:
    """After the evaluation in the epoch, and first in the epoch for the one that ends it."""
    alike = [f for f in program.forwards if f.span == forward.span and f.path == forward.path]
    ways = [w for f in alike if f.mode is Mode.EVAL and (w := meeting(program, f)) is not None]
    inside = {_behind(program, w, forward) for w in ways if w.within_epoch}
    around = {w.loop.span: w.loop for w in ways if w.loop is not None and not w.within_epoch}
    same = all(w.function == ways[0].function for w in ways)
    if inside and len(around) == 1 and same:
        statement = f"{model}.train()"
        changes = [e for place in sorted(inside) if (e := _put_behind(program, place, statement))]
        (loop,) = around.values()
        first = edits.insert_first(program.source, loop.span, statement)
        title = f"call `{statement}` after the evaluation, and at the start of each {_turn(loop)}"
        if len(changes) == len(inside):
            yield _trains(program, finding, title, first, *changes)


def _put_behind(program: Program, place: Span, statement: str) -> Edit | None:
    """Behind what ends an evaluation; before a `continue` that leaves it. None where that runs a model."""
    scopes = (body for _, body in lookup.scopes(program))
    leaves = (s for b in scopes for s in walk.statements(b) if isinstance(s, ir.Leave) and s.span == place)
    if not any(leaves):
        return edits.insert_after(program.source, place, statement)
    runs = any(walk.within(f.span, place) for f in program.forwards)
    return None if runs else edits.insert_before(program.source, place, statement)


def _behind(program: Program, where: Meeting, forward: Forward) -> Span:
    """What the evaluation ends with: the call of a function, or the last statement of its own block.

    In a block that trains as well it is the last statement before the training that evaluates.
    """
    if where.switch != forward.switch:
        return where.switch
    inner = (b for s in walk.statements(where.body) for b in walk.blocks(s))
    holders = [b for b in inner if any(s.span == where.switch for s in b)]
    block = holders[-1] if holders else ()
    trained = [place for f in program.forwards if f.role == "train" for place in (*f.path, f.span)]
    if not any(walk.within(t, s.span) for t in trained for s in block):
        return block[-1].span if block else where.switch
    judged = [
        place
        for f in program.forwards
        if f.switch == where.switch and f.role != "train"
        for place in (*f.path, f.span)
    ]
    behind = [s.span for s in block if s.span > where.switch]
    until = next((i for i, s in enumerate(behind) if any(walk.within(t, s) for t in trained)), len(behind))
    ends = [s for s in behind[:until] if any(walk.within(j, s) for j in judged)]
    return ends[-1] if ends else where.switch


def _second_eval(program: Program, finding: Finding, forward: Forward) -> Iterator[Fix]:
    """`eval()` before an evaluation and again behind it: the second was meant as `train()`."""
    switch = forward.switch
    for name, body in lookup.scopes(program) if switch is not None else ():
        ends = [s for s in walk.statements(body) if isinstance(s, ir.Do) and s.span == switch]
        text = program.source.slice(ends[0].span) if ends else ""
        same = [c.span for c in walk.calls(body) if program.source.slice(c.span) == text]
        judged = [f.span for f in program.forwards if f.function == name]
        if ends and text.endswith(".eval()") and any(s < j < ends[0].span for s in same for j in judged):
            meant = text.removesuffix(".eval()") + ".train()"
            edit = edits.replace(program.source, ends[0].span, meant)
            yield _trains(program, finding, f"call `{meant}` where the evaluation ends", edit)


def _trains(program: Program, finding: Finding, title: str, *changes: Edit) -> Fix:
    return fix(program.source, finding, title, *changes, consequence=_AGAIN)


def _in_callee(program: Program, finding: Finding, forward: Forward, name: str) -> Iterator[Fix]:
    """At the start of the function that trains for an epoch."""
    function = program.function(name)
    if function is None or function.roles & {"evaluate", "infer"}:
        return
    inner = forward.path[forward.through.index(name) + 1] if name != forward.function else forward.span
    model = name_in(program, forward, name, inner)
    if model is None:
        return
    for edit in at_start(program, name, model, f"{model}.train()"):
        yield _trains(program, finding, f"call `{model}.train()` at the start of `{name}`", edit)


def _in_meeting(program: Program, finding: Finding, where: Meeting, model: str) -> Fix:
    """First in the epoch, or where its training part begins if the evaluation comes first."""
    statement = f"{model}.train()"
    if where.loop is not None and where.forward < where.switch:
        asked = absent.guarded(program, where.function, model, statement, where.loop.span)
        edit = first_in(program, where.loop, asked)
        turn = "step" if where.within_epoch else _turn(where.loop)
        return _trains(program, finding, f"call `{statement}` at the start of each {turn}", edit)
    inside = where.loop.body if where.loop is not None else where.body
    place = _outermost(inside, where)
    asked = absent.guarded(program, where.function, model, statement, place)
    edit = edits.insert_before(program.source, place, asked)
    return _trains(program, finding, f"call `{statement}` before the training", edit)


def _outermost(body: ir.Block, where: Meeting) -> Span:
    """The outermost statement around the training that does not hold the switch as well."""
    around = (
        s.span
        for s in walk.statements(body)
        if walk.within(where.forward, s.span) and not walk.within(where.switch, s.span)
    )
    return next(around, where.forward)
