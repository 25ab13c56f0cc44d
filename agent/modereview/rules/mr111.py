"""MR111 mode-lost-on-the-way-out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity, Span
from modereview.rules import lookup
from modereview.rules.base import Rule, certainty, deliberate, fix, harm
from modereview.rules.meeting import body_of, meeting

_AGAIN = "training sees dropout and batch statistics again: expect other loss curves"


@dataclass(frozen=True)
class _Lost:
    """A way out of a function between its `eval()` and the `train()` that gives the mode back."""

    function: str
    leave: ir.Leave | None  # None for an exception that a caller catches
    place: Span  # the return, or what an exception skips
    restore: Span  # the call that gives the mode back
    forward: Forward  # trains afterwards


def check(program: Program) -> Iterator[Finding]:
    """Early returns that were seen to leave EVAL behind, and handlers that go on training after one."""
    seen = set()
    for lost in (*_returns(program), *_caught(program)):
        if lost.place not in seen:
            seen.add(lost.place)
            yield _finding(program, lost)


def _returns(program: Program) -> Iterator[_Lost]:
    for forward in program.forwards:
        where = meeting(program, forward)
        trained = forward.role == "train" and forward.mode is Mode.EVAL
        if not trained or where is None or forward.switch is None or where.switch == forward.switch:
            continue  # the switch lies in no function of its own
        function = _holder(program, forward.switch)
        body = body_of(program, function)
        restore = _restore(program, body, forward.switch)
        if restore is not None:
            for leave in _early(body, forward.switch, restore):
                yield _Lost(function, leave, leave.span, restore, forward)


def _caught(program: Program) -> Iterator[_Lost]:
    """Training that relies on a `train()` which an exception skips, where the handler goes on."""
    for forward in program.forwards:
        where = meeting(program, forward)
        relies = forward.role == "train" and forward.mode is Mode.TRAIN
        if not relies or where is None or forward.switch is None or where.loop is None:
            continue
        function = _holder(program, forward.switch)
        skipped = _eval_before(program, body_of(program, function), forward.switch)
        if skipped is None:
            continue
        for statement in walk.statements(where.body):
            caught = walk.within(where.switch, statement.span) and _goes_on(statement, where.switch)
            apart = where.switch != forward.switch or walk.within(skipped, statement.span)
            if caught and apart and not walk.within(where.forward, statement.span):
                yield _Lost(function, None, skipped, forward.switch, forward)


def _goes_on(statement: ir.Stmt, place: Span) -> bool:
    """Whether it is a `try` around the place with a handler after which the loop continues."""
    if not isinstance(statement, ir.Try) or not any(walk.within(place, s.span) for s in statement.body):
        return False
    return any(
        not (h and isinstance(h[-1], ir.Leave) and h[-1].how != "continue") for h in statement.handlers
    )


def _holder(program: Program, place: Span) -> str:
    """The innermost function around a place."""
    assert program.names is not None
    around = [f for f in program.names.functions.values() if walk.within(place, f.span)]
    return max(around, key=lambda f: f.span).name if around else ""


def _early(body: ir.Block, switch: Span, restore: Span) -> Iterator[ir.Leave]:
    """The returns between a switch and what gives the mode back, `finally` considered."""
    if any(isinstance(s, ir.Try) and _holds(s.final, restore) for s in walk.statements(body)):
        return
    for block in _blocks(body):
        for index, statement in enumerate(block):
            given_back = any(_is_switch(c, "train") for c in walk.calls(block[:index]))
            early = switch < statement.span < restore and not given_back
            if early and isinstance(statement, ir.Leave) and statement.how == "return":
                yield statement


def _blocks(body: ir.Block) -> Iterator[ir.Block]:
    yield body
    for statement in walk.statements(body):
        yield from walk.blocks(statement)


def _holds(block: ir.Block, place: Span) -> bool:
    return any(walk.within(place, s.span) for s in block)


def _restore(program: Program, body: ir.Block, switch: Span) -> Span | None:
    """The last `train()` of the same object behind the switch."""
    owner = program.source.slice(switch).rpartition(".")[0]
    found = [c.span for c in walk.calls(body) if switch < c.span and _is_switch(c, "train", owner)]
    return max(found, default=None)


def _eval_before(program: Program, body: ir.Block, restore: Span) -> Span | None:
    """The `eval()` of the same object that a `train()` takes back, unless `finally` makes sure of that."""
    owner = program.source.slice(restore).rpartition(".")[0]
    if any(isinstance(s, ir.Try) and _holds(s.final, restore) for s in walk.statements(body)):
        return None
    found = [c.span for c in walk.calls(body) if c.span < restore and _is_switch(c, "eval", owner)]
    return max(found, default=None)


def _is_switch(call: ir.Call, name: str, owner: str | None = None) -> bool:
    func = call.func
    return isinstance(func, ir.Attr) and func.name == name and owner in (None, walk.dotted(func.base))


def _finding(program: Program, lost: _Lost) -> Finding:
    forward, restore = lost.forward, f"`{program.source.slice(lost.restore)}`"
    skipped = f"{restore} at {lost.restore.line}"
    if lost.leave is not None:
        message = f"this return leaves `{forward.model}` in eval mode: it skips {skipped}"
        before = forward.why
        here = Event(forward.span, "trained here, in EVAL after such a return", "forward")
        severity = certainty(forward, certain=True)
    else:
        message = f"an exception leaves `{forward.model}` in eval mode: it skips {skipped}, and is caught"
        before = ()
        here = Event(forward.span, "trained here, in EVAL after such an exception", "other")
        severity = Severity.WARNING if forward.sensitive else Severity.NOTE
    return RULE.finding(
        program,
        lost.place,
        message,
        severity=Severity.NOTE if deliberate(program, forward) else severity,
        evidence=(*before, here),
        facts=(harm(forward, training=True),),
        function=lost.function,
        subject=forward.model,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`try`/`finally` from the `eval()` to what gives the mode back; else that call before the return too."""
    for lost in (*_returns(program), *_caught(program)):
        if lost.place != finding.span:
            continue
        yield from _tried(program, finding, lost)
        if lost.leave is None:
            return
        value = lost.leave.value
        if value is not None and any(isinstance(e, ir.Call) for e in walk.subexpressions(value)):
            return
        restore = program.source.slice(lost.restore)
        edit = edits.insert_before(program.source, lost.place, restore)
        yield fix(program.source, finding, f"call `{restore}` before the return", edit, consequence=_AGAIN)
        return


def _tried(program: Program, finding: Finding, lost: _Lost) -> Iterator[Fix]:
    """What lies between the `eval()` and the `train()` of one block under `try`, the latter in `finally`."""
    source, restore = program.source, program.source.slice(lost.restore)
    for block in _blocks(body_of(program, lost.function)):
        places = [s.span for s in block]
        off = _eval_before(program, block, lost.restore)
        if lost.restore not in places or off not in places:
            continue
        between = places[places.index(off) + 1 : places.index(lost.restore)]
        if between:
            ending = f"finally:\n    {lookup.with_comment(program, lost.restore)}"
            tried = edits.wrap(source, between[0], between[-1], "try:", ending)
            gone = edits.remove_statement(source, lost.restore)
            title = f"call `{restore}` in a `finally`"
            yield fix(source, finding, title, *edits.together((*tried, gone)), consequence=_AGAIN)
            return


RULE = Rule(
    id="MR111",
    name="mode-lost-on-the-way-out",
    severity=Severity.ERROR,
    summary="an early return or an exception skips the `train()` that ends an evaluation",
    why=(
        "An evaluation that gives the mode back in its last line gives it back only if it gets there. A "
        "return before it, or an exception that the training loop catches, leaves EVAL behind, and the rest "
        "of the training runs in it. `try`/`finally` or a context manager hold on every way out."
    ),
    source="https://github.com/pytorch/pytorch/issues/18220",
    bad="""\
import torch
from torch import nn

def validate(model, loader):
    model.eval()
    if loader is None:
        return None
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    model.train()
    return hits

def main(loader, val_loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        validate(model, val_loader)
""",
    good="""\
import torch
from torch import nn

def validate(model, loader):
    if loader is None:
        return None
    model.eval()
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    model.train()
    return hits

def main(loader, val_loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(10):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        validate(model, val_loader)
""",
    not_flagged=(
        "a `train()` in `finally`, in a context manager or before the return; an epoch loop that calls "
        "`train()` itself; an exception that ends the training."
    ),
    fix="`try`/`finally` from the `eval()` on; where the two lie apart, the call before the return too.",
    check=check,
    mend=mend,
)
