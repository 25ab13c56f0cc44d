"""A switch that is one of two: a condition decides which of both modes a model gets."""

from __future__ import annotations

from modereview.analyze import ir, walk
from modereview.records import Forward, Mode, Program, Span
from modereview.rules import lookup


def is_chosen(program: Program, forward: Forward) -> bool:
    """Whether the switch behind the mode goes with a condition, and one to the other mode with its opposite.

    `model.train(is_train)`; `if phase == "train": model.train()`, `else: model.eval()`.
    """
    if forward.switch is None:
        return False
    bodies = (body for _, body in lookup.scopes(program))
    return any(_is_one_of_two(body, forward.switch) for body in bodies)


def is_left_to_option(program: Program, forward: Forward) -> bool:
    """Whether an option says if the model is switched for the evaluation: `if args.eval_mode: net.eval()`."""
    off = {
        f.switch
        for f in program.forwards
        if f.mode is Mode.EVAL and (f.span, f.path) == (forward.span, forward.path)
    }
    return any(
        isinstance(s, ir.If)
        and isinstance(s.test, ir.Attr)
        and not s.orelse
        and any(c.span in off for c in walk.calls(s.body))
        for _, body in lookup.scopes(program)
        for s in walk.statements(body)
    )


def _is_one_of_two(body: ir.Block, place: Span) -> bool:
    switch = next((c for c in walk.calls(body) if c.span == place), None)
    if switch is None:
        return False
    if _mode(switch) is None:
        return True
    return any(_goes_with(s, switch, body) for s in walk.statements(body) if isinstance(s, ir.If))


def _goes_with(branch: ir.If, switch: ir.Call, body: ir.Block) -> bool:
    """Whether the branch around a switch has an opposite: its other block, or an `if` about the same."""
    blocks = (branch.body, branch.orelse)
    held = [any(walk.within(switch.span, s.span) for s in block) for block in blocks]
    if not any(held):
        return False
    about = _subject(branch)
    others = [block for block, own in zip(blocks, held, strict=True) if not own]
    others += [
        s.body
        for s in walk.statements(body)
        if isinstance(s, ir.If) and s is not branch and about and _subject(s) == about
    ]
    return any(_opposes(call, switch) for block in others for call in walk.calls(block))


def _subject(branch: ir.If) -> str:
    """What is asked about: `train` of `train == True` and of `not train`."""
    test = branch.test
    while isinstance(test, ir.Not | ir.Compare):
        test = test.operand if isinstance(test, ir.Not) else test.left
    return walk.dotted(test) or ""


def _opposes(call: ir.Call, switch: ir.Call) -> bool:
    return _owner(call) == _owner(switch) != "" and {_mode(call), _mode(switch)} == {True, False}


def _owner(call: ir.Call) -> str:
    named = isinstance(call.func, ir.Attr) and call.func.name in ("train", "eval")
    return (walk.dotted(call.func.base) or "") if named and isinstance(call.func, ir.Attr) else ""


def _mode(call: ir.Call) -> bool | None:
    """True for `train()`, False for `eval()` and `train(False)`; None where a variable decides."""
    if isinstance(call.func, ir.Attr) and call.func.name == "eval":
        return False
    given = lookup.argument(call, "mode", 0)
    constant = lookup.constant(given)
    return constant if isinstance(constant, bool) else None if given is not None else True
