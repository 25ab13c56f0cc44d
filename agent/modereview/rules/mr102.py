"""MR102 trains-in-eval-mode."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.records import Event, Finding, Forward, Mode, Program, Severity, Span
from modereview.rules import giving_back, modes, resuming
from modereview.rules.base import Rule, certainty, deliberate, harm
from modereview.rules.choosing import is_chosen
from modereview.rules.meeting import meeting
from modereview.rules.put_aside import is_of_another_part, is_of_other_step, is_put_aside


def check(program: Program) -> Iterator[Finding]:
    """Training forwards in EVAL because of a switch in view; one finding for each switch and model.

    Switches of which the same is to be said at the same place share a finding: one `train()` mends them all.
    """
    alike: dict[object, dict[Span, Forward]] = {}
    told: set[tuple[object, str]] = set()
    for forward in program.forwards:
        if forward.role == "train" and forward.mode is Mode.EVAL and forward.switch is not None:
            cause = (forward.switch, forward.model)
            if cause not in told:
                told.add(cause)
                alike.setdefault(_said(program, forward), {})[forward.switch] = forward
    for causes in alike.values():
        first = min(causes.values(), key=lambda f: _strength(program, f))
        yield _finding(program, first, tuple(s.line for s in causes if s != first.switch))


def _said(program: Program, forward: Forward) -> object:
    """What is said of a switch, where it matters to which evaluation a `train()` is added."""
    where = meeting(program, forward)
    apart = forward.switch if where is None or where.loop is None or where.within_epoch else None
    return forward.span, forward.model, apart


def _strength(program: Program, forward: Forward) -> tuple[bool, bool, int]:
    """The least comes first: certain before uncertain, a switch in this file, one that few calls lead to."""
    switch = program.source.slice(forward.switch) if forward.switch else ""
    return not forward.exact, not switch.endswith(".eval()"), len(forward.switch_path)


def _finding(program: Program, forward: Forward, others: tuple[int, ...]) -> Finding:
    later = modes.same_in_other_mode(program, forward, Mode.TRAIN)
    other = _other_method(program, forward)
    probes = forward.frozen and not later  # only its new head is trained, on features that stay the same
    mixed = later and not forward.exact and _is_chosen_there(program, forward)
    aside = is_put_aside(program, forward) or is_of_other_step(program, forward)
    aside = aside or is_of_another_part(program, forward)
    meant = probes or mixed or aside or giving_back.keeps_modes(program, forward)
    meant = meant or deliberate(program, forward) or modes.is_unit_test(program, forward)
    severity = certainty(forward, certain=not other)
    here = Event(forward.span, "and still in EVAL here: nothing calls `train()` in between", "forward")
    return RULE.finding(
        program,
        forward.span,
        f"{other or (_when(program, forward) if later else '')}`{forward.model}` trains in eval mode",
        # The same forward runs in TRAIN the first time round: that is what the fault is, not a doubt.
        severity=Severity.NOTE if meant else severity,
        evidence=(*forward.why, here),
        facts=(harm(forward, training=True), *_as_well(program, others)),
        function=forward.function,
        subject=forward.model,
    )


def _is_chosen_there(program: Program, forward: Forward) -> bool:
    """Whether the function itself chooses one of both modes; which of merged paths trains is not known."""
    return forward.switch_path == forward.path and is_chosen(program, forward)


def _as_well(program: Program, lines: tuple[int, ...]) -> Iterator[str]:
    if lines:
        places = " and ".join(program.source.label(line) for line in lines)
        yield f"what switches to EVAL at {places} does the same"


def _other_method(program: Program, forward: Forward) -> str:
    """The method that left EVAL behind, where only a later call from outside meets it."""
    where = meeting(program, forward)
    if where is None or where.depth or not forward.path:
        return ""
    left = next((f for f in program.functions if f.span == where.switch and f.span != forward.path[0]), None)
    return f"after `{left.name}`, " if left else ""


def _when(program: Program, forward: Forward) -> str:
    """Whether the fault comes with the second pass of a loop, or on some path only."""
    where = meeting(program, forward)
    if where is None or where.loop is None:
        return "on some path, "
    return "after an evaluation, " if where.within_epoch else "from the second epoch on, "


RULE = Rule(
    id="MR102",
    name="trains-in-eval-mode",
    severity=Severity.ERROR,
    summary="a training forward can run in EVAL: an `eval()` that nobody takes back",
    why=(
        "`model.eval()` holds until somebody calls `train()`. Where a validation switches and the epoch loop "
        "does not switch back, every epoch but the first trains without dropout and with frozen batch "
        "statistics. The loss falls faster, the model generalises worse, and nothing says so."
    ),
    source="https://github.com/pytorch/tutorials/issues/1624",
    bad="""\
import torch
from torch import nn

def validate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def fit(loader, val_loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
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
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def fit(loader, val_loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(10):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        validate(model, val_loader)
""",
    not_flagged=(
        "an evaluation after the last epoch only; a mode that is saved and given back; norms held in EVAL on "
        "purpose where a name or comment says so, a part that is put into EVAL right after the whole was put "
        "into TRAIN or by its owner's constructor, and a frozen network of which only a new head is trained, "
        "always in EVAL, modes of several models that a list keeps (notes); a backward that no optimizer "
        "step follows (saliency maps, attacks)."
    ),
    fix=(
        "`model.train()` where the epoch's training part begins, not before the loop; after an evaluation in "
        "the middle of an epoch, right behind it."
    ),
    check=check,
    mend=resuming.train_fixes,
)
