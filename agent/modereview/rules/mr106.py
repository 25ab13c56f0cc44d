"""MR106 train-inside-evaluation."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity, Span
from modereview.rules import modes
from modereview.rules.base import Rule, certainty, fix, harm
from modereview.rules.meant import is_meant
from modereview.rules.meeting import body_of, meeting


def check(program: Program) -> Iterator[Finding]:
    """Evaluating forwards whose TRAIN comes from a `train()` of the evaluation itself."""
    seen = set()
    for forward in (f for group in modes.evaluations_in_train(program) for f in group):
        if modes.switched_inside(program, forward) and (forward.switch, forward.model) not in seen:
            seen.add((forward.switch, forward.model))
            yield _finding(program, forward)


def _finding(program: Program, forward: Forward) -> Finding:
    assert forward.switch is not None
    where = meeting(program, forward)
    later = where is not None and where.loop is not None  # from the second pass on, and then for certain
    certain = later or not modes.same_in_other_mode(program, forward, Mode.EVAL)
    return RULE.finding(
        program,
        forward.switch,
        f"`{program.source.slice(forward.switch)}` puts the model into train mode inside of an evaluation",
        severity=Severity.NOTE if is_meant(program, forward) else certainty(forward, certain=certain),
        evidence=(Event(forward.span, "evaluated here in TRAIN", "forward"),),
        facts=(harm(forward, training=False),),
        function=forward.function,
        subject=forward.model,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """Moved behind the evaluating loop that it ends each pass of; else `eval()` in its place."""
    call = program.source.slice(finding.span)
    owner, dot, rest = call.rpartition(".train(")
    if not dot or rest not in (")", "True)", "mode=True)"):
        return
    why = "validation and test numbers change: they are of the model without dropout and batch statistics"
    loop = _ended_by_it(program, finding, owner)
    if loop is not None:
        line = finding.span.line
        margin = program.source.lines[loop.line - 1][: loop.column - 1]
        moved = edits.replace(program.source, Span(line, 1, line, finding.span.column), margin)
        yield fix(program.source, finding, f"move `{call}` behind the evaluation", moved, consequence=why)
    if not any(f.role == "train" and f.switch == finding.span for f in program.forwards):
        edit = edits.replace(program.source, finding.span, f"{owner}.eval()")
        yield fix(program.source, finding, f"call `{owner}.eval()` instead", edit, consequence=why)


def _ended_by_it(program: Program, finding: Finding, owner: str) -> Span | None:
    """The loop whose evaluating body ends in the switch, where an `eval()` before it was meant to hold.

    The switch stands alone on its line, and nothing but the loop's end follows.
    """
    first = program.source.lines[finding.span.line - 1][: finding.span.column - 1]
    body = body_of(program, _holder(program, finding))
    for statement in walk.statements(body):
        ends = isinstance(statement, ir.Loop) and statement.body and statement.body[-1].span == finding.span
        if isinstance(statement, ir.Loop) and ends and not statement.orelse and not first.strip():
            off = (c.span for c in walk.calls(body) if _is_eval(c, owner))
            return statement.span if any(s < statement.span for s in off) else None
    return None


def _holder(program: Program, finding: Finding) -> str:
    """The function that the switch lies in: not always that of the forward."""
    forward = next((f for f in program.forwards if f.switch == finding.span), None)
    where = meeting(program, forward) if forward else None
    return where.function if where else finding.function


def _is_eval(call: ir.Call, owner: str) -> bool:
    func = call.func
    return isinstance(func, ir.Attr) and func.name == "eval" and walk.dotted(func.base) == owner


RULE = Rule(
    id="MR106",
    name="train-inside-evaluation",
    severity=Severity.ERROR,
    summary="`train()` inside the evaluating function or block itself",
    why=(
        "Copied from the training loop, or meant as `eval()`: a `train()` in the evaluation puts dropout and "
        "batch statistics on for exactly the numbers that are reported. At the end of a loop's body it hits "
        "every batch but the first."
    ),
    source="https://docs.pytorch.org/docs/stable/notes/autograd.html#evaluation-mode-nn-module-eval",
    bad="""\
import torch
from torch import nn

def test(model, loader):
    model.train()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    print(test(model, loader))
""",
    good="""\
import torch
from torch import nn

def test(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    print(test(model, loader))
""",
    not_flagged=(
        "a `train()` behind the last forward, which gives the mode back; Monte-Carlo dropout, adaptation and "
        "re-estimated statistics that a name or a comment declares (a note); detectors that are given their "
        "targets (a note)."
    ),
    fix=(
        "moved behind the loop, where it ends each pass of an evaluation that began with `eval()`; else "
        "`eval()` in its place, unless a training forward hangs on the same switch."
    ),
    check=check,
    mend=mend,
)
