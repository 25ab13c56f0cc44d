"""MR108 teacher-in-train-mode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity
from modereview.rules import absent, lookup
from modereview.rules.base import Rule, certainty, deliberate, fix, harm
from modereview.rules.meant import is_exploring
from modereview.rules.meeting import body_of, meeting
from modereview.rules.placing import at_start, dotted, name_in, prepared

_TEACHER = re.compile(
    r"teacher|(^|_)ema(_|$)|target|(^|_)ref(erence)?_model|perceptual|(^|_)(vgg|lpips)", re.I
)
# Kept in TRAIN on purpose by the methods that they belong to: the student and its average see the same noise.
_AVERAGED = re.compile(
    r"(^|_)ema(_|$)|momentum|mean_?teacher|_k$|key_encoder|target_(enc|net)|byol|moco|dino", re.I
)


# What learns by reinforcement seldom holds a layer that depends on the mode: one has to be known.
_ACTING = re.compile(r"critic|actor|policy|(^|[._])q\d?(_|$|net)|q_?func|(^|_)(sac|td3|ddpg|dqn)(_|$)", re.I)
_STABLE = "the targets no longer change from run to run: expect other loss curves"


def check(program: Program) -> Iterator[Finding]:
    """Networks that only make targets, and run in TRAIN; one finding for each function and model."""
    trained = {f.model for f in program.forwards if f.role == "train"}
    seen = set()
    for forward in program.forwards:
        place = (forward.function, forward.model)
        in_train = forward.mode is Mode.TRAIN and forward.cause in ("build", "switch")
        if in_train and _is_asked(forward) and forward.model not in trained and place not in seen:
            seen.add(place)
            yield _finding(program, forward)


def teachers(program: Program) -> Iterator[Forward]:
    """Forwards of networks that only make targets, in whatever mode; those that are meant so left out."""
    trained = {f.model for f in program.forwards if f.role == "train"}
    yield from (
        f
        for f in program.forwards
        if _is_asked(f) and f.model not in trained and not (_is_meant(program, f) or _acts(f))
    )


def _is_asked(forward: Forward) -> bool:
    """Whether the result is a target, and the model is known or named as one that does not learn from it."""
    by_name = bool(_TEACHER.search(forward.model.rpartition(".")[2]))
    known = bool(forward.sensitive or forward.opaque or forward.classes)
    return known and forward.role == "target" and (not forward.learns or by_name)


def _is_meant(program: Program, forward: Forward) -> bool:
    """Whether TRAIN may be on purpose: an average of the student, a name, a comment, a switch beside it."""
    places = (forward.model, forward.function, *forward.classes, *forward.makers, program.source.path.stem)
    averaged = forward.copied or any(_AVERAGED.search(name) for name in places)
    beside = _is_switched_beside(program, forward)
    meant = is_exploring(program, forward) or deliberate(program, forward)
    return averaged or beside or not by_role(forward) or meant


def _is_switched_beside(program: Program, forward: Forward) -> bool:
    """Whether its own `train()` stands right before it: nobody wrote that for the student's epoch."""
    where = meeting(program, forward) if forward.cause == "switch" else None
    if where is None or not program.source.slice(where.switch).startswith(f"{forward.model}.train("):
        return False
    return any(
        walk.within(where.switch, first.span) and walk.within(where.forward, second.span)
        for block in walk.all_blocks(where.body)
        for first, second in pairwise(block)
        if isinstance(first, ir.Do) and not isinstance(second, ir.Loop)
    )


def _acts(forward: Forward) -> bool:
    """Whether it belongs to what learns by reinforcement, with no known layer that minds the mode."""
    places = (forward.model, forward.function, *forward.classes, *forward.through)
    return not forward.sensitive and any(_ACTING.search(name) for name in places)


def _finding(program: Program, forward: Forward) -> Finding:
    here = Event(forward.span, "makes targets here in TRAIN", "forward")
    meant = _is_meant(program, forward)
    return RULE.finding(
        program,
        forward.span,
        f"`{forward.model}` makes targets in train mode",
        severity=Severity.NOTE if meant or _acts(forward) else certainty(forward, certain=True),
        evidence=(*forward.why, here),
        facts=(harm(forward, training=False),),
        function=forward.function,
        subject=forward.model,
        unsettled=not meant and _acts(forward) and forward.opaque,
    )


def by_role(forward: Forward) -> bool:
    """Whether more than an optimizer that holds other models says so: a name, or no gradient."""
    return bool(_TEACHER.search(forward.model.rpartition(".")[2])) or not forward.learns


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`eval()`, and no gradients, where the network is built; or where `train()` switched it."""
    if not RULE.mends(finding):
        return
    yield from _at_the_switch(program, finding)
    found = [f for f in program.forwards if f.span == finding.span and f.cause == "build"]
    if not found:
        return
    for holder, statement, name in (*_named(program, found[0]), *_built(program, found[0])):
        lines = [f"{name}.eval()"]
        if all(f.grad is True for f in found) and not _is_frozen(program, holder, name):
            lines.append(f"{name}.requires_grad_(False)")
        place = prepared(program, statement, name)
        asked = absent.guarded(program, holder, name, "\n".join(lines), statement.span)
        edit = edits.insert_after(program.source, place, asked)
        title = f"call {' and '.join(f'`{line}`' for line in lines)} where it is built"
        yield fix(program.source, finding, title, edit, consequence=_STABLE)
    yield from _where_it_is_handed(program, finding, found[0])


def _where_it_is_handed(program: Program, finding: Finding, forward: Forward) -> Iterator[Fix]:
    """At the start of the function that is handed the network: who calls it from elsewhere is served, too."""
    assert program.names is not None
    function = program.names.functions.get(forward.function)
    name = dotted(forward.model)
    if function is not None and name in {p.name for p in function.params}:
        for edit in at_start(program, forward.function, str(name), f"{name}.eval()"):
            title = f"call `{name}.eval()` at the start of `{forward.function}`"
            yield fix(program.source, finding, title, edit, consequence=_STABLE)


def _named(program: Program, forward: Forward) -> Iterator[tuple[str, ir.Assign, str]]:
    """(function, statement, name) where a function on the way gives the network its name by a call.

    What builds it may build its student as well.
    """
    for function, place in zip(("", *forward.through), (*forward.path, forward.span), strict=False):
        name = name_in(program, forward, function, place)
        for statement in walk.statements(body_of(program, function)):
            for target, value in lookup.bindings(statement):
                made = value.then if isinstance(value, ir.Choice) else value
                if name and walk.dotted(target) == name and isinstance(made, ir.Call):
                    assert isinstance(statement, ir.Assign)
                    yield function, statement, name
                    return


def _built(program: Program, forward: Forward) -> Iterator[tuple[str, ir.Assign, str]]:
    """The same where it is built, as far as that place is known."""
    places = [event.span for event in forward.why[:1]]
    for holder, body in lookup.scopes(program):
        for statement in walk.statements(body):
            for target, value in lookup.bindings(statement):
                built = any(walk.within(place, value.span) for place in places)
                name = dotted(walk.dotted(target) or "") if built else None
                if name:
                    assert isinstance(statement, ir.Assign)
                    yield holder, statement, name


def _at_the_switch(program: Program, finding: Finding) -> Iterator[Fix]:
    """EVAL in place of its own `train()`, or behind one that switches it along: `policy.train()`."""
    forward = next((f for f in program.forwards if f.span == finding.span and f.cause == "switch"), None)
    where = meeting(program, forward) if forward is not None else None
    name = name_in(program, forward, where.function, where.forward) if forward and where else None
    if where is None or name is None:
        return
    source = program.source
    around = [s for s in walk.statements(where.body) if walk.within(where.switch, s.span)]
    call = source.slice(where.switch)
    if call.startswith(f"{name}.train("):
        edit, title = edits.replace(source, where.switch, f"{name}.eval()"), f"instead of `{call}`"
    else:
        over = (s for s in around if isinstance(s, ir.Loop) and _goes_over(program, s, call))
        last = next(over, around[-1])
        edit = edits.insert_after(source, last.span, f"{name}.eval()")
        title = f"behind `{call}`" if last is around[-1] else "behind the loop that switches it"
    yield fix(source, finding, f"call `{name}.eval()` {title}", edit, consequence=_STABLE)


def _goes_over(program: Program, loop: ir.Loop, call: str) -> bool:
    """Whether a loop hands out what is switched: `for m in (student, teacher): m.train()`."""
    return loop.target is not None and call.startswith(f"{program.source.slice(loop.target.span)}.")


def _is_frozen(program: Program, holder: str, name: str) -> bool:
    """Whether the function that builds it takes its parameters' gradients away, in whatever way."""
    for statement in walk.statements(dict(lookup.scopes(program))[holder]):
        looped = statement.iterable if isinstance(statement, ir.Loop) else None
        own = looped is not None and any(walk.dotted(e) == name for e in walk.subexpressions(looped))
        text = program.source.slice(statement.span)
        if (own or f"{name}.requires_grad_" in text) and "requires_grad" in text:
            return True
    return False


RULE = Rule(
    id="MR108",
    name="teacher-in-train-mode",
    severity=Severity.ERROR,
    summary="a frozen teacher, target or perceptual network runs its forward in TRAIN",
    why=(
        "A new module is in TRAIN, and freezing its parameters does not change that. Its dropout makes the "
        "targets random, and its batch norms take on the statistics of the student's batches, so that the "
        "teacher drifts although no gradient reaches it."
    ),
    source="https://github.com/DLR-RM/stable-baselines3/issues/553",
    bad="""\
import torch
from torch import nn

def main(loader):
    student = nn.Linear(4, 4)
    teacher = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    teacher.load_state_dict(torch.load("teacher.pt"))
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    for x, y in loader:
        with torch.no_grad():
            soft = teacher(x)
        optimizer.zero_grad()
        nn.functional.mse_loss(student(x), soft).backward()
        optimizer.step()
""",
    good="""\
import torch
from torch import nn

def main(loader):
    student = nn.Linear(4, 4)
    teacher = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    teacher.load_state_dict(torch.load("teacher.pt"))
    teacher.eval()
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    for x, y in loader:
        with torch.no_grad():
            soft = teacher(x)
        optimizer.zero_grad()
        nn.functional.mse_loss(student(x), soft).backward()
        optimizer.step()
""",
    not_flagged=(
        "pseudo labels of the very model that trains; a GAN's generator in the step of its discriminator; a "
        "mean teacher, momentum encoder or other average of the student, which many methods keep in TRAIN on "
        "purpose (a note); a teacher whose own `train()` stands on the line before it makes targets (a note)."
    ),
    fix=(
        "`eval()` where the network is built and its weights are loaded, at the start of a function that is "
        "handed it where only that can be proved, or where the file itself switches "
        "it to TRAIN; `requires_grad_(False)` with it where the graph would be built through it for "
        "nothing. Where reinforcement learns with layers out of view it is a note, whose fix `--unproved` "
        "alone writes."
    ),
    check=check,
    mend=mend,
)
