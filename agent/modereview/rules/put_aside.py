"""A part that stays in EVAL while the rest trains: `model.train()`, and at once `model.backbone.eval()`."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.records import Forward, Mode, Program
from modereview.rules import lookup
from modereview.rules.meeting import meeting


def is_put_aside(program: Program, forward: Forward) -> bool:
    """Whether the function that switches the model to EVAL switched what it is part of to TRAIN just before.

    So a backbone is kept as it was trained. Where something is evaluated there, the `eval()` is for that.
    So is a part that the constructor of its owner has put into EVAL: `self.text_encoder.eval()`.
    """
    if forward.by_itself and forward.switch is not None:
        return not program.source.slice(forward.switch).startswith("self.eval(")
    where = meeting(program, forward)
    if where is None or not where.switch < where.forward:
        return False
    part = next((_owner(program, c, "eval") for c in walk.calls(where.body) if c.span == where.switch), "")
    wholes = [c for c in walk.calls(where.body) if c.span < where.switch and _owner(program, c, "train")]
    trails = [(*f.path, f.span) for f in program.forwards if f.role in ("evaluate", "infer")]
    judged = [trail[where.depth] for trail in trails if len(trail) > where.depth]
    return bool(part) and any(
        part.startswith((f"{whole}.", f"{whole}["))
        and not any(switch.span < place < where.forward for place in judged)
        for switch in wholes
        for whole in _switched(program, where.body, switch)
    )


def is_of_another_part(program: Program, forward: Forward) -> bool:
    """Whether the switch is of one attribute and the forward of another, neither made of the other.

    `self.net` and `self.net_ema` of one builder, which some path makes once and some path twice.
    """
    assert program.names is not None
    off = program.source.slice(forward.switch) if forward.switch else ""
    switched, owner = off.rpartition(".eval(")[0], forward.function.rpartition(".")[0]
    if not (switched.startswith("self.") and forward.model.startswith("self.")) or switched == forward.model:
        return False
    cls = program.names.classes.get(owner)
    pair = {switched, forward.model}
    made = [
        (walk.dotted(target), {walk.dotted(part) for part in walk.subexpressions(value)})
        for method in (cls.methods if cls else ())
        for s in walk.statements(method.body)
        for target, value in lookup.bindings(s)
        if walk.dotted(target) in pair
    ]
    return pair == {name for name, _ in made} and not any(pair & (parts - {name}) for name, parts in made)


def is_of_other_step(program: Program, forward: Forward) -> bool:
    """Whether a method puts the model into EVAL for its own step, beside one that trains it in TRAIN.

    So a critic is asked in the step of what it judges: `self.discriminator.eval()`.
    """
    where = meeting(program, forward)
    beside = where is not None and where.function == forward.function and where.switch < where.forward
    owner = forward.function.rpartition(".")[0]
    return (
        beside
        and bool(owner)
        and any(
            other.role == "train"
            and other.mode is Mode.TRAIN
            and other.model == forward.model
            and other.cause == "switch"
            and other.function != forward.function
            and other.function.rpartition(".")[0] == owner
            for other in program.forwards
        )
    )


def _switched(program: Program, body: ir.Block, switch: ir.Call) -> Iterator[str]:
    """What a call switches, as written: `model`; for a loop's own name what the loop goes over."""
    owner = _owner(program, switch, "train")
    yield owner
    for statement in walk.statements(body):
        if isinstance(statement, ir.Loop) and walk.within(switch.span, statement.span):
            target, over = statement.target, statement.iterable
            if target is not None and over is not None and walk.dotted(target) == owner:
                yield program.source.slice(over.span)


def _owner(program: Program, call: ir.Call, name: str) -> str:
    """What a plain switch of that name is called on; "" for every other call."""
    plain = isinstance(call.func, ir.Attr) and call.func.name == name and not (call.args or call.kwargs)
    return program.source.slice(call.func.base.span) if plain and isinstance(call.func, ir.Attr) else ""
