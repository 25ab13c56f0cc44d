"""MR301 export-in-train-mode."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.handing import EXPORTS
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity, Span
from modereview.rules import lookup, modes
from modereview.rules.base import Rule, certainty, deliberate, fix, holds
from modereview.rules.meeting import body_of

# Arguments by which `torch.onnx.export` takes the TorchScript path, or an old torch that knows no other.
_TORCHSCRIPT = ("dynamo", "training", "operator_export_type", "example_outputs", "enable_onnx_checker")


def check(program: Program) -> Iterator[Finding]:
    """Exports of a model that is in TRAIN on some path in view; one finding a call."""
    exports = [f for f in program.handed if f.by in EXPORTS]
    for span in sorted({f.span for f in exports}):
        here = [f for f in exports if f.span == span]
        wrong = [f for f in here if f.mode is Mode.TRAIN and f.cause in ("build", "switch")]
        wrong = [f for f in wrong if not _asked_for(program, f)]
        if wrong and not _switches_itself(program, wrong[0]):
            yield _finding(program, wrong[0], certain=len(wrong) == len(here))


def _asked_for(program: Program, forward: Forward) -> bool:
    """Whether the switch to TRAIN is an option of the user's: `if args.train: model.train()`."""
    tests = (
        program.source.slice(s.test.span)
        for _, body in lookup.scopes(program)
        for s in walk.statements(body)
        if isinstance(s, ir.If) and forward.switch and walk.within(forward.switch, s.span)
    )
    return any("train" in test for test in tests)


def _switches_itself(program: Program, forward: Forward) -> bool:
    """Whether this is an ONNX export by the path that puts the model into EVAL, or is told a mode."""
    call = next((c for _, c, _ in lookup.calls(program) if c.span == forward.span), None)
    if call is None or not forward.by.startswith("torch.onnx.export"):
        return False
    given = dict(call.kwargs)
    told = any(name in given for name in _TORCHSCRIPT[1:]) or lookup.spreads(call)
    return told or lookup.constant(given.get("dynamo")) is False


def _finding(program: Program, forward: Forward, *, certain: bool) -> Finding:
    severity = certainty(forward, certain=certain)
    tried = modes.is_unit_test(program, forward)
    if tried or deliberate(program, forward) or _trains_what_it_exports(program, forward):
        severity = Severity.NOTE
    elif severity is Severity.ERROR and ("onnx" in forward.by or "prepare_fx" in forward.by):
        severity = Severity.WARNING  # which path an ONNX export takes is for the installed torch to say
    name = forward.by.rpartition("torch.")[2]
    return RULE.finding(
        program,
        forward.span,
        f"`{forward.model}` is in train mode when `{name}` bakes its mode in",
        severity=severity,
        evidence=(*forward.why, Event(forward.span, "exported here in TRAIN", "forward")),
        facts=(f"{holds(forward)}; no `eval()` on what was exported changes that",),
        function=forward.function,
        subject=forward.model,
    )


def _trains_what_it_exports(program: Program, forward: Forward) -> bool:
    """Whether the file prepares quantization-aware training: its graph is exported in TRAIN on purpose."""
    assert program.names is not None
    return forward.by == "torch.export.export" and any("qat" in o for o in program.names.imports.values())


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`eval()` before the export, and `train()` behind it where a training goes on that does not switch."""
    forward = next((f for f in program.handed if f.span == finding.span and f.mode is Mode.TRAIN), None)
    if forward is None or not _is_plain(forward.model):
        return
    title = f"call `{forward.model}.eval()` before the export"
    off = edits.insert_before(program.source, forward.span, f"{forward.model}.eval()")
    why = "what is exported predicts otherwise: without dropout, with the running statistics"
    again = _trained_after(program, forward)
    if not again or any(f.role == "train" and f.model == forward.model for f in program.forwards):
        yield fix(program.source, finding, title, off, consequence=why)
    if again and forward.exact and not _in_a_head(program, forward):
        title += f" and `{forward.model}.train()` behind it"
        on = edits.insert_after(program.source, forward.span, f"{forward.model}.train()")
        yield fix(program.source, finding, title, off, on, consequence=why)


def _in_a_head(program: Program, forward: Forward) -> bool:
    """Whether the export is returned, or stands in the head of a statement: nothing can follow it there."""
    body = body_of(program, forward.function)
    around = [s for s in walk.statements(body) if walk.within(forward.span, s.span)]
    return not around or isinstance(around[-1], ir.Leave) or any(walk.blocks(around[-1]))


def _is_plain(model: str) -> bool:
    return all(part.isidentifier() for part in model.split("."))


def _trained_after(program: Program, forward: Forward) -> bool:
    trail = _trail(forward)
    loops = [s.span for s in walk.statements(program.block, nested=True) if isinstance(s, ir.Loop)]
    repeated = any(walk.within(span, loop) for span in trail for loop in loops)
    return repeated or any(f.role == "train" and _trail(f) > trail for f in program.forwards)


def _trail(forward: Forward) -> tuple[Span, ...]:
    return (*forward.path, forward.span)


RULE = Rule(
    id="MR301",
    name="export-in-train-mode",
    severity=Severity.ERROR,
    summary="a model is traced or exported while it is in TRAIN: the mode is baked in",
    why=(
        "A trace or an exported program records what the model did once. Made in TRAIN, it drops "
        "activations and uses the statistics of each batch wherever it is deployed; `eval()` on the trace "
        "changes nothing, on an exported program it raises. Tracing in TRAIN also moves the running "
        "statistics."
    ),
    source="https://github.com/pytorch/pytorch/issues/103681",
    bad="""\
import torch
from torch import nn

def export(path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    traced = torch.jit.trace(model, torch.zeros(1, 4))
    traced.save(path)
""",
    good="""\
import torch
from torch import nn

def export(path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    model.eval()
    traced = torch.jit.trace(model, torch.zeros(1, 4))
    traced.save(path)
""",
    not_flagged=(
        "`torch.jit.script`, which keeps the flag; `torch.onnx.export(dynamo=False)`, which switches by "
        "itself, and `training=` given to it; `prepare_qat`, which needs TRAIN, and a graph exported for "
        "it (a note); a unit test (a note); eager `prepare`, `convert` and `quantize_dynamic`, which keep "
        "the flag; a model whose mode is not in view."
    ),
    fix=(
        "`eval()` on the model before the export, and `train()` behind it where training goes on. None where "
        "it is not certain that the model came in TRAIN."
    ),
    check=check,
    mend=mend,
)
