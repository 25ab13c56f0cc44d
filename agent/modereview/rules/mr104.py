"""MR104 grad-in-evaluation."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity
from modereview.rules import graph, modes
from modereview.rules.base import Rule, fix


def check(program: Program) -> Iterator[Finding]:
    """Evaluations in EVAL that build the graph; one note for each function."""
    seen: set[str] = set()
    for forward in program.forwards:
        judged = forward.role in ("evaluate", "infer") and forward.mode is Mode.EVAL
        own = program.module(forward.function.rpartition(".")[0]) is not None  # its caller may want gradients
        wasteful = judged and forward.grad is True and forward.cause == "switch"
        tried = modes.is_unit_test(program, forward)
        told = forward.function in seen or own or tried
        if wasteful and not told and not graph.is_needed(program, forward):
            seen.add(forward.function)
            yield _finding(program, forward)


def _finding(program: Program, forward: Forward) -> Finding:
    here = Event(forward.span, "evaluated here with the graph being built", "forward")
    return RULE.finding(
        program,
        forward.span,
        f"`{forward.model}` is evaluated without `no_grad`",
        evidence=(*forward.why, here),
        facts=("the numbers are right; memory and time are lost, and a kept loss keeps every activation",),
        function=forward.function,
        subject=forward.model,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`no_grad` for the function or around the evaluation, where nothing in it is trained on."""
    forward = next((f for f in program.forwards if f.span == finding.span and f.grad is True), None)
    off = graph.off(program, forward) if forward is not None else None
    if off is not None:
        why = "the same numbers with less memory and time"
        yield fix(program.source, finding, f"write `{off[0]}`", *off[1], consequence=why)


RULE = Rule(
    id="MR104",
    name="grad-in-evaluation",
    severity=Severity.NOTE,
    summary="an evaluation in EVAL that builds the graph: `eval()` is not `no_grad`",
    why=(
        "`model.eval()` does not switch the graph off. Each forward of the evaluation keeps its activations "
        "for a backward that never comes: the evaluation takes more memory and time than it needs, and a "
        "list of losses keeps all of it alive."
    ),
    source="https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation",
    bad="""\
import torch
from torch import nn

def evaluate(model, loader):
    model.eval()
    return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    print(evaluate(model, loader))
""",
    good="""\
import torch
from torch import nn

@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    print(evaluate(model, loader))
""",
    not_flagged=(
        "an evaluation whose result goes backward (saliency maps, attacks, adaptation at test time); one "
        "that a caller wraps in `no_grad` or `inference_mode`; a method of the module; a unit test; a "
        "model in TRAIN (MR101 speaks there)."
    ),
    fix=(
        "`@torch.no_grad()` on the function, or a `with` block, by what the file does elsewhere. It changes "
        "no number, so no test can prove it: offered, and written with `--unproved`."
    ),
    check=check,
    mend=mend,
    mends_notes=True,
)
