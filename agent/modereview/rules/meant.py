"""Why an evaluation that runs in TRAIN may be meant so: a name, a comment, or what is done around it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import (
    names_a_summary,
    names_a_training,
    names_an_evaluation,
    names_an_inference,
)
from modereview.records import Forward, Mode, Program, Span
from modereview.rules import choosing, lookup, made_up, modes, unseen
from modereview.rules.base import deliberate
from modereview.rules.meeting import body_of, is_over_data, meeting

_KEEPS = re.compile(r"save|show|write|plot|dump|draw|log")
_GENERATORS = ("netg", "generator", "gen", "g", "net_g", "g_net", "g_model")


def is_meant(program: Program, forward: Forward) -> bool:
    """Whether an evaluation is in TRAIN on purpose, by a name, a comment or what it asks of the model."""
    asked = _takes_targets(program, forward) and modes.switched_inside(program, forward)
    meant = asked or modes.is_unit_test(program, forward)
    return (
        meant
        or _switches_itself(program, forward)
        or _is_tried_out(program, forward)
        or deliberate(program, forward)
        or _is_sampled_generator(program, forward)
        or is_exploring(program, forward)
        or unseen.is_run_for_its_effect(program, forward)
        or (
            modes.switched_inside(program, forward)
            and (_is_bracketed(program, forward) or choosing.is_chosen(program, forward))
        )
        or _ends_another_evaluation(program, forward)
        or choosing.is_left_to_option(program, forward)
        or _is_told_to_student(program, forward)
        or _is_of_training_step(program, forward)
        or _is_described(program, forward)
    )


def _takes_targets(program: Program, forward: Forward) -> bool:
    """Whether the forward gets the answers as well: a detector gives its losses in TRAIN alone."""
    given = lookup.inputs(body_of(program, forward.function), forward)
    return len(given) > 1 and any("target" in (walk.dotted(a) or "") for a in given)


def _is_told_to_student(program: Program, forward: Forward) -> bool:
    """Whether a training function puts two models into TRAIN, and the graph is off for one: a teacher.

    What the function hands on goes backward out of view, and so nothing else says what the result is for.
    """
    where = meeting(program, forward)
    if where is None or where.function != forward.function or forward.held_out:
        return False
    return any(other.model != forward.model for other in _beside_in_step(program, forward))


def _is_of_training_step(program: Program, forward: Forward) -> bool:
    """Whether a training function trains the model on the very inputs in the same step: features are kept."""
    body = body_of(program, forward.function)
    given = _written(program, body, forward)
    return forward.grad is False and any(
        other.model == forward.model and _written(program, body, other) == given
        for other in _beside_in_step(program, forward)
    )


def _beside_in_step(program: Program, forward: Forward) -> Iterator[Forward]:
    """The other forwards in TRAIN, with the graph on, of the step of a training function that holds one."""
    around = [*_loops_around(program, forward.function, forward.span)]
    step = around[-1] if around else None
    if names_a_training(forward.function) and isinstance(step, ir.Loop) and is_over_data(step):
        yield from (
            other
            for other in program.forwards
            if (other.function, other.path) == (forward.function, forward.path)
            and other.span != forward.span
            and other.grad is not False
            and other.mode is Mode.TRAIN
            and walk.within(other.span, step.span)
        )


def _written(program: Program, body: ir.Block, forward: Forward) -> list[str]:
    """The inputs of a forward, as they are written."""
    return [program.source.slice(each.span) for each in lookup.inputs(body, forward)]


def _is_described(program: Program, forward: Forward) -> bool:
    """Whether a function runs the model to describe it, here or in a file beside this one."""
    called = program.source.slice(forward.span).partition("(")[0]
    return any(map(names_a_summary, (*forward.through, called)))


def _switches_itself(program: Program, forward: Forward) -> bool:
    """Whether the constructor of the model sees to its mode on another path: where it brings weights."""
    return any(f.span == forward.span and f.by_itself and f.mode is Mode.EVAL for f in program.forwards)


def _is_tried_out(program: Program, forward: Forward) -> bool:
    """Whether a model with the weights it was built with runs once, or on what is made up: nobody's results.

    So are those of a model that is held against another, or asked for a shape. What a generator makes of
    noise is used, though.
    """
    if made_up.is_compared(program, forward) or made_up.is_asked_for_its_shape(program, forward):
        return True
    invented = made_up.is_made_up(program, forward)
    if not forward.fresh:
        guard = _main_guard(program, forward)
        return (
            invented and guard is not None and not _keeps(guard) and not _in_loop_over_data(program, forward)
        )
    in_view = bool(forward.classes)  # nothing in its class loads weights
    if _in_loop_over_data(program, forward):
        return in_view and invented and not _evaluates_by_name(forward)
    tried = in_view or invented
    return (tried and not names_an_inference(forward.function)) or not _evaluates_by_name(forward)


def _main_guard(program: Program, forward: Forward) -> ir.If | None:
    """The `if __name__ == "__main__"` that a forward at the top level stands in."""
    guards = (s for s in program.block if isinstance(s, ir.If) and walk.is_main_guard(s))
    return next((s for s in guards if not forward.path and walk.within(forward.span, s.span)), None)


def _keeps(guard: ir.If) -> bool:
    """Whether something is drawn, shown or written there: what comes out is looked at."""
    called = (walk.dotted(c.func) or "" for c in walk.calls(guard.body))
    return any(_KEEPS.search(name.rpartition(".")[2]) for name in called)


def _in_loop_over_data(program: Program, forward: Forward) -> bool:
    """Whether the forward is repeated on its way: what evaluates, and does not just try a model out.

    A loop that builds the model as well goes over models, not over data; one over what the forward gives
    comes behind it.
    """
    built = [event.span for event in forward.why if event.kind == "build"]
    places = zip(("", *forward.through), (*forward.path, forward.span), strict=False)
    return any(
        not (part.iterable and walk.within(span, part.iterable.span))
        and not any(walk.within(place, part.span) for place in built)
        for function, span in places
        for part in _loops_around(program, function, span)
    )


def _loops_around(program: Program, function: str, place: Span) -> Iterator[ir.Loop | ir.Comprehension]:
    """The loops and comprehensions of a function that a place of it stands in."""
    for s in walk.statements(body_of(program, function)):
        for part in (s, *(e for x in walk.expressions(s) for e in walk.subexpressions(x))):
            if isinstance(part, ir.Loop | ir.Comprehension) and walk.within(place, part.span):
                yield part


def _evaluates_by_name(forward: Forward) -> bool:
    return any(map(names_an_evaluation, forward.through))


def _is_sampled_generator(program: Program, forward: Forward) -> bool:
    """Whether a GAN's generator is sampled where it is trained: done in TRAIN on purpose by many."""
    own_name = forward.model.partition(" of ")[0]  # in a neighbour: `self.G of solver.py`
    name = own_name.rpartition(".")[2].lower()
    return name in _GENERATORS and _trains_there(program, forward)


def is_exploring(program: Program, forward: Forward) -> bool:
    """Whether a noisy network (NoisyNet, arXiv 1706.10295) acts where it is trained: its noise explores.

    So does one that the file asks for new noise: `model.reset_noise()`.
    """
    noisy = any("noisy" in name.lower() for name in forward.classes)
    asked = (
        "noise" in call.func.name and walk.dotted(call.func.base) == forward.model
        for _, body in lookup.scopes(program)
        for call in walk.calls(body)
        if isinstance(call.func, ir.Attr)
    )
    return (noisy and _trains_there(program, forward)) or any(asked)


def _trains_there(program: Program, forward: Forward) -> bool:
    """Whether the same function trains the model as well."""
    return any(
        f.role == "train" and f.function == forward.function and f.model == forward.model
        for f in program.forwards
    )


def _is_bracketed(program: Program, forward: Forward) -> bool:
    """Whether `train()` before and `eval()` behind stand around the forward on purpose, in no loop."""
    where = meeting(program, forward)
    if where is None or where.loop is not None or where.forward < where.switch:
        return False
    owner = program.source.slice(where.switch).rpartition(".train(")[0]
    return any(
        isinstance(c.func, ir.Attr) and c.func.name == "eval" and walk.dotted(c.func.base) == owner
        for c in walk.calls(where.body)
        if c.span > where.forward
    )


def _ends_another_evaluation(program: Program, forward: Forward) -> bool:
    """Whether the `train()` ends an evaluation in EVAL, and no loop evaluates after it."""
    where = meeting(program, forward)
    if where is None or where.loop is not None or where.forward < where.switch:
        return False
    looped = any(
        isinstance(s, ir.Loop) and walk.within(where.forward, s.span) for s in walk.statements(where.body)
    )
    off = [c.span for c in walk.calls(where.body) if isinstance(c.func, ir.Attr) and c.func.name == "eval"]
    first = min((span for span in off if span < where.switch), default=None)
    return (
        not looped
        and first is not None
        and any(
            f.mode is Mode.EVAL and f.function == where.function and first < f.span < where.switch
            for f in program.forwards
        )
    )
