"""MR101 evaluates-in-train-mode."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.records import Event, Finding, Forward, Mode, Program, Severity
from modereview.rules import evaluating, handing_out, modes, unseen
from modereview.rules.base import Rule, certainty, harm, may_mind
from modereview.rules.meant import is_meant


def check(program: Program) -> Iterator[Finding]:
    """Evaluations that can run in TRAIN with the graph being built."""
    yield from evaluating_in_train(RULE, program, graph_off=False)


def evaluating_in_train(rule: Rule, program: Program, *, graph_off: bool) -> Iterator[Finding]:
    """What MR101 and MR103 share: they differ only in whether `no_grad` is there to be taken for `eval`.

    Where one model is known to be in TRAIN, another of the same name is not told a second time.
    """
    told: set[tuple[str, str]] = set()
    for group in modes.evaluations_in_train(program):
        if any(f.grad is False for f in group) is graph_off:
            found = _finding(rule, program, group[0])
            told |= {(found.function, found.subject)} if found.severity is not Severity.NOTE else set()
            yield found
    for group in modes.never_switched(program):
        forward = group[0]
        if (forward.grad is False) is graph_off and (forward.function, forward.model) not in told:
            yield _unseen(rule, program, group)


def _finding(rule: Rule, program: Program, forward: Forward) -> Finding:
    certain = not modes.same_in_other_mode(program, forward, Mode.EVAL)
    off = forward.grad is False
    message = f"`{forward.model}` is evaluated in train mode" + (": `no_grad` is not `eval`" if off else "")
    here = Event(forward.span, "evaluated here in TRAIN: nothing calls `eval()` in between", "forward")
    meant = is_meant(program, forward)
    excuse = (unseen.FOR_ITS_EFFECT,) if unseen.is_run_for_its_effect(program, forward) else ()
    return rule.finding(
        program,
        forward.span,
        message,
        severity=Severity.NOTE if meant else certainty(forward, certain=certain),
        evidence=(*forward.why, here),
        facts=(harm(forward, training=False), *excuse),
        function=forward.function,
        subject=forward.model,
        excused=meant,
    )


def _unseen(rule: Rule, program: Program, group: tuple[Forward, ...]) -> Finding:
    """The forward that least speaks for, of those of one model in one function."""
    rows = [(forward, unseen.excuse(program, forward)) for forward in group]
    forward, excuse = min(rows, key=lambda row: (row[1] is not None, _is_latent(row[0])))
    here = Event(forward.span, "evaluated here: nothing in view calls `eval()`", "forward")
    loader = handing_out.loader(program, forward) if unseen.predicts_itself(program, forward) else None
    loaded = (Event(loader.span, f"`{loader.name}` hands it out", "build"),) if loader else ()
    seen = None if excuse else unseen.unswitched(program, forward)
    latent = _is_latent(forward)
    return rule.finding(
        program,
        forward.span,
        f"`{forward.model}` is evaluated in whatever mode {_who_left_it(forward)}",
        severity=Severity.NOTE if excuse or latent else Severity.WARNING,
        evidence=(*loaded, here),
        facts=(harm(forward, training=False), *filter(None, (excuse.why if excuse else None, seen))),
        function=forward.function,
        subject=forward.model,
        excused=excuse is not None,
        unsettled=excuse is not None and excuse.unsettled and not latent,
    )


def _is_latent(forward: Forward) -> bool:
    """Whether no layer of the model is known to mind the mode, or likely to."""
    return not forward.sensitive and not may_mind(forward)


def _who_left_it(forward: Forward) -> str:
    maker = forward.made_by.rpartition(".")[2]
    return f"`{maker}` built it in" if maker else "the caller left it"


RULE = Rule(
    id="MR101",
    name="evaluates-in-train-mode",
    severity=Severity.ERROR,
    summary="a validation, test or inference forward can run in TRAIN",
    why=(
        "In TRAIN dropout still drops and batch norms use (and move) the statistics of the batch they see. "
        "Every number measured so is of another model than the one that is shipped, and changes with the "
        "batch size and from run to run. Published results had to be recomputed because of it."
    ),
    source="https://github.com/ipolharvard/ethos-ares/issues/20",
    bad="""\
import torch
from torch import nn

def evaluate(model, loader):
    correct = 0
    for x, y in loader:
        correct += (model(x).argmax(1) == y).sum().item()
    return correct

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    print(evaluate(model, loader))
""",
    good="""\
import torch
from torch import nn

def evaluate(model, loader):
    model.eval()
    correct = 0
    for x, y in loader:
        correct += (model(x).argmax(1) == y).sum().item()
    return correct

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    print(evaluate(model, loader))
""",
    not_flagged=(
        "`train(False)`; a mode that is saved and given back; a helper used by both sides, each of which "
        "sets its mode before; Monte-Carlo dropout and test-time adaptation that a name or a comment "
        "declares, a switch that an option decides on (`if args.eval_mode:`), a teacher or features in a "
        "training step, and a GAN's generator sampled where it is trained (a note at most); a model without "
        "any layer that depends on the mode, or out of view in a project where nothing near it names one (a "
        "note). Notes, too, where nothing in view decides the mode and the model is another's: handed in, "
        "saved whole, kept by another file, made in a file that switches, driven by a base class; what only "
        "its name says to be a network (`decoder(x)`); and a module's own `predict`, unless a class method "
        "hands the module out loaded and unswitched."
    ),
    fix=(
        "`model.eval()` at the start of the evaluating function, on the very expression used there; on "
        "each of several models that a loop hands out; in a function that trains or evaluates as a condition "
        "says, the switch by that condition. A note on a model that is handed in, or was saved "
        "whole, is offered it as well, with the mode given back where another may train on: right if nobody "
        "out of view switches, so written with `--unproved` alone."
    ),
    check=check,
    mend=evaluating.eval_fixes,
)
