"""MR107 switches-wrong-object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import names_a_model
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity, Switched
from modereview.rules import lookup, modes
from modereview.rules.base import Rule, certainty, deliberate, fix, harm
from modereview.rules.meeting import body_of
from modereview.rules.placing import dotted

# What a function does with an object that it switches and does not otherwise use.
_SETTING_UP = frozenset(
    "eval train to cuda cpu half float parameters state_dict load_state_dict requires_grad_".split()
)


@dataclass(frozen=True)
class _Mistaken:
    """A switch, and the forward on another object that it was meant for."""

    switch: Switched
    forward: Forward


def check(program: Program) -> Iterator[Finding]:
    """Switches that decide no forward, before a forward on another object in the wrong mode."""
    seen = set()
    for mistaken in _mistaken(program):
        if mistaken.switch.span not in seen:
            seen.add(mistaken.switch.span)
            yield _finding(program, mistaken)


def _mistaken(program: Program) -> Iterator[_Mistaken]:
    evaluating = [f for group in modes.evaluations_in_train(program) for f in group]
    evaluating += [group[0] for group in modes.never_switched(program)]
    training = [f for f in program.forwards if f.role == "train" and f.mode is Mode.EVAL and f.switch]
    for forward in (*evaluating, *training):
        wanted = Mode.TRAIN if forward.role == "train" else Mode.EVAL
        for switch in program.switches:
            same = (switch.function, switch.path) == (forward.function, forward.path)
            before = same and switch.mode is wanted and switch.span < forward.span
            other = forward.span not in switch.forwards and names_a_model(switch.model)
            idle = not _decides(program, switch) and not _is_used(program, switch)
            if before and other and idle and not _is_done_again(program, switch):
                yield _Mistaken(switch, forward)


def _decides(program: Program, switch: Switched) -> bool:
    """Whether a forward that wants the mode of this switch has it from there."""
    return any(
        (f.switch, f.switch_path) == (switch.span, switch.path)
        and (f.role == "train") is (switch.mode is Mode.TRAIN)
        for f in program.forwards
    )


def _is_done_again(program: Program, switch: Switched) -> bool:
    """Whether the object itself runs behind, switched once more on the way: before a loop, and in it.

    Two switches of one object in one block are no such pair: one of them was meant for another.
    """
    body = body_of(program, switch.function)
    runs = [f for f in program.forwards if (f.function, f.model) == (switch.function, switch.model)]
    same = [s for s in program.switches if (s.function, s.model) == (switch.function, switch.model)]
    block = next((b for b in walk.all_blocks(body) if any(s.span == switch.span for s in b)), ())
    twins = [s for s in same if s.span != switch.span and any(each.span == s.span for each in block)]
    return not twins and any(switch.span < f.span for f in runs)


def _is_used(program: Program, switch: Switched) -> bool:
    """Whether the function uses the object in that mode in any way that is no forward in view."""
    body = body_of(program, switch.function)
    later = [e for e in walk.all_expressions(body) if switch.span < e.span]
    named = {e.base.span: e.name for e in later if isinstance(e, ir.Attr)}
    uses = sorted(e.span for e in later if walk.dotted(e) == switch.model)
    until = next((span for span in uses if named.get(span) in ("eval", "train")), None)
    return any(named.get(span) not in _SETTING_UP for span in uses if until is None or span < until)


def _finding(program: Program, mistaken: _Mistaken) -> Finding:
    switch, forward = mistaken.switch, mistaken.forward
    training = forward.role == "train"
    mode = "whatever mode it was in" if forward.mode is Mode.UNKNOWN else forward.mode.value
    here = Event(forward.span, f"but `{forward.model}` runs here, in {mode}", "forward")
    certain = forward.mode is not Mode.UNKNOWN
    return RULE.finding(
        program,
        switch.span,
        f"switches `{switch.model}`, and `{forward.model}` is what runs",
        severity=Severity.NOTE if deliberate(program, forward) else certainty(forward, certain=certain),
        evidence=(here,),
        facts=(harm(forward, training=training),),
        function=switch.function,
        subject=switch.model,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """The same switch on the object that runs, where its name is known by then."""
    for mistaken in _mistaken(program):
        model = dotted(mistaken.forward.model)
        if mistaken.switch.span == finding.span and model and _bound_before(program, mistaken, model):
            call = program.source.slice(finding.span)
            meant = model + call.removeprefix(finding.subject)
            edit = edits.replace(program.source, finding.span, meant)
            why = f"`{model}` is switched instead: expect other numbers"
            yield fix(program.source, finding, f"call `{meant}` instead", edit, consequence=why)
            return


def _bound_before(program: Program, mistaken: _Mistaken, model: str) -> bool:
    """Whether nothing gives the model its name between the switch and the forward."""
    root = lookup.root_of(model)
    return not any(
        isinstance(s, ir.Assign) and mistaken.switch.span < s.span and walk.dotted(t) in (root, model)
        for s in walk.statements(body_of(program, mistaken.switch.function))
        if isinstance(s, ir.Assign)
        for t in s.targets
    )


RULE = Rule(
    id="MR107",
    name="switches-wrong-object",
    severity=Severity.ERROR,
    summary="the switch is on one object, the forward on another",
    why=(
        "A second name for a model (`ema`, `net`, a copy) is easily mixed up with the first: the switch "
        "runs, reaches an object that nobody calls, and the one that is called stays in the mode it was in."
    ),
    source="https://github.com/sdv-dev/CTGAN/issues/309",
    bad="""\
import copy
import torch
from torch import nn

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    ema = copy.deepcopy(model)
    model.eval()
    with torch.no_grad():
        print(sum((ema(x).argmax(1) == y).sum().item() for x, y in loader))
""",
    good="""\
import copy
import torch
from torch import nn

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    ema = copy.deepcopy(model)
    ema.eval()
    with torch.no_grad():
        print(sum((ema(x).argmax(1) == y).sum().item() for x, y in loader))
""",
    not_flagged=(
        "an object that is used in the mode it was switched to; another name, a wrapper or a part of the "
        "model that runs (`DataParallel`, `.module`, `self.net` under a short name)."
    ),
    fix="the same switch on the object that runs.",
    check=check,
    mend=mend,
)
