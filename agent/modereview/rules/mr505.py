"""MR505 average-skips-buffers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.handing import AVERAGES
from modereview.analyze.torchfacts import names_a_model
from modereview.records import Finding, Mode, Program, Severity
from modereview.rules import lookup
from modereview.rules.base import Rule, comment_at

_USE_BUFFERS = 4  # position in AveragedModel(model, device, avg_fn, multi_avg_fn, use_buffers)
_AVERAGING = re.compile(r"\bmul_\(|\blerp_?\(|\*")
_CARES = re.compile(
    r"buffer|state_dict|running_(mean|var)|update_bn|bn_update|batch_?norm|\bbn\b", re.IGNORECASE
)
_AVERAGE_NAME = re.compile(r"(^|[._])(ema|avg|averaged?|swa|teacher|shadow|momentum)\w*", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """Averages of parameters, by a loop of the file or by AveragedModel, that leave the buffers behind."""
    text = program.source.text
    if "update_bn" in text or "bn_update" in text:
        return
    if "AveragedModel" in text:
        yield from _averaged_models(program)
    if "zip" in text and "arameters()" in text:
        for function, loop, average, source in _loops(program):
            severity = _severity(program, average, source)
            shared = _wrap_the_same(program, function, average, source)
            if severity is not None and not shared and not _cares(program, function, loop):
                yield _finding(program, function, loop, (average, source), severity)


def _loops(program: Program) -> Iterator[tuple[str, ir.Loop, str, str]]:
    """Loops over the parameters of two models that average one into the other: (function, loop, the two)."""
    for function, body in lookup.scopes(program):
        for statement in walk.statements(body):
            if isinstance(statement, ir.Loop) and isinstance(statement.iterable, ir.Call):
                owners = [_owner(a) for a in statement.iterable.args]
                zips = walk.dotted(statement.iterable.func) == "zip" and len(owners) == 2
                written = _written(statement) if zips else None
                if written is not None and owners[written] and owners[1 - written]:
                    yield function, statement, str(owners[written]), str(owners[1 - written])


def _owner(expr: ir.Expr) -> str | None:
    match expr:
        case ir.Call(ir.Attr(base, "parameters" | "named_parameters"), ()):
            return walk.dotted(base)
        case _:
            return None


def _written(loop: ir.Loop) -> int | None:
    """Which of the two parameters the loop averages the other into; None if it does no such thing."""
    if not isinstance(loop.target, ir.Items) or len(loop.target.items) != 2:
        return None
    names = [{e.id for e in walk.subexpressions(t) if isinstance(e, ir.Name)} for t in loop.target.items]
    for statement in walk.statements(loop.body):
        target = _changed(statement)
        for number, own in enumerate(names):
            used = {
                e.id
                for x in walk.expressions(statement)
                for e in walk.subexpressions(x)
                if isinstance(e, ir.Name)
            }
            if target in own and used & names[1 - number]:
                return number
    return None


def _changed(statement: ir.Stmt) -> str | None:
    """The variable that a statement changes in place: `p` of `p.data.mul_(0.9)` or `p.data = ...`."""
    expr: ir.Expr | None = None
    if isinstance(statement, ir.Assign):
        expr = statement.targets[0] if isinstance(statement.targets[0], ir.Attr) else None
    elif isinstance(statement, ir.Do):
        expr = statement.value
    while isinstance(expr, ir.Attr | ir.Call):
        expr = expr.base if isinstance(expr, ir.Attr) else expr.func
    return expr.id if isinstance(expr, ir.Name) else None


def _severity(program: Program, average: str, source: str) -> Severity | None:
    """A warning where the averaged model is known to hold a batch norm, a note where it is not in view."""
    forwards = [f for f in program.forwards if f.model.rpartition(".")[2] in (_last(average), _last(source))]
    if any(f.mode is Mode.TRAIN and f.model.rpartition(".")[2] == _last(average) for f in program.forwards):
        return None  # it runs in TRAIN and moves its own statistics, as a mean teacher does
    if _puts_parts_into_train(program, average):
        return None
    if any("BatchNorm" in kind for f in forwards for kind in f.sensitive):
        return Severity.WARNING
    if any(f.classes and not f.opaque for f in forwards):
        return None
    norms = [m.normed for m in program.modules if m.has_forward]
    if norms and all(norms):
        return Severity.WARNING
    named = _AVERAGE_NAME.search(average) is not None
    return Severity.NOTE if named and (any(norms) or not norms) else None


def _puts_parts_into_train(program: Program, average: str) -> bool:
    """Whether the norms of an average run in TRAIN: `model_ema.apply(set_bn_train)`."""
    assert program.names is not None
    applied = {
        _last(walk.dotted(call.args[0]) or "")
        for _, call, _ in lookup.calls(program)
        if isinstance(call.func, ir.Attr) and call.func.name == "apply" and call.args
        if _last(walk.dotted(call.func.base) or "") == _last(average)
    }
    functions = (f for f in program.names.functions.values() if f.short in applied)
    called = (c.func for f in functions for c in walk.calls(f.body))
    return any(isinstance(func, ir.Attr) and func.name == "train" for func in called)


def _wrap_the_same(program: Program, function: str, *pair: str) -> bool:
    """Whether both were made around one and the same model: then its buffers are no others."""
    assert program.names is not None
    owner = function.rpartition(".")[0]
    cls = program.names.classes.get(owner)
    bodies = [m.body for m in cls.methods] if cls else [dict(lookup.scopes(program)).get(function, ())]
    made = [
        {a.id for a in value.args if isinstance(a, ir.Name) and names_a_model(a.id)}
        for text in pair
        for body in bodies
        for s in walk.statements(body)
        for target, value in lookup.bindings(s)
        if walk.dotted(target) == text and isinstance(value, ir.Call) and not _copies(value)
    ]
    return len(made) == len(pair) and bool(set.intersection(*made))


def _copies(call: ir.Call) -> bool:
    return (walk.dotted(call.func) or "").rpartition(".")[2] in ("deepcopy", "copy")


def _last(text: str) -> str:
    return text.rpartition(".")[2]


def _cares(program: Program, function: str, loop: ir.Loop) -> bool:
    """Whether the averaging or its class speaks of buffers, or the loop does not average but copies."""
    assert program.names is not None
    own = program.names.functions.get(function)
    cls = program.names.classes.get(own.method_of or "") if own else None
    around = "\n".join(program.source.slice(m.span) for m in (own, cls) if m is not None)
    averaging = _AVERAGING.search(program.source.slice(loop.span))
    said = _CARES.search(around or program.source.slice(loop.span)) or _CARES.search(
        comment_at(program, loop.span.line)
    )
    return averaging is None or said is not None


def _finding(
    program: Program, function: str, loop: ir.Loop, pair: tuple[str, str], severity: Severity
) -> Finding:
    average, source = pair
    return RULE.finding(
        program,
        (loop.iterable or loop).span,
        f"the average `{average}` follows the parameters and never the buffers",
        severity=severity,
        facts=(
            "the running statistics of its batch norms stay what they were when it was made",
            f"write, behind the loop: `for a, b in zip({average}.buffers(), {source}.buffers()): a.copy_(b)`",
        ),
        function=function,
        subject=average,
    )


def _averaged_models(program: Program) -> Iterator[Finding]:
    spans = set()
    calls = {c.span: c for _, c, origin in lookup.calls(program) if origin in AVERAGES}
    for forward in program.handed:
        call = calls.get(forward.span)
        normed = any("BatchNorm" in kind for kind in forward.sensitive)
        if call is None or not normed or forward.span in spans or lookup.spreads(call):
            continue
        if lookup.argument(call, "use_buffers", _USE_BUFFERS) is None:
            spans.add(forward.span)
            yield RULE.finding(
                program,
                call.span,
                f"the average of `{forward.model}` leaves its buffers behind",
                facts=(
                    "`AveragedModel` averages parameters alone unless told; nothing calls `update_bn`",
                    f"write `AveragedModel({forward.model}, use_buffers=True)`, or call `update_bn(loader, "
                    "averaged)` before it is used",
                ),
                function=forward.function,
                subject=forward.model,
            )


RULE = Rule(
    id="MR505",
    name="average-skips-buffers",
    severity=Severity.WARNING,
    summary="an averaged copy (EMA, SWA) follows the parameters and never the buffers",
    why=(
        "Running statistics are buffers. A copy that averages `parameters()` alone has averaged weights "
        "and the statistics of the day it was made: in EVAL it normalizes by the wrong numbers and looks "
        "worse than the model it averages."
    ),
    source="https://docs.pytorch.org/docs/stable/optim.html#taking-care-of-batch-normalization",
    bad="""\
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

def prepare():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    return model, AveragedModel(model)
""",
    good="""\
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

def prepare():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    return model, AveragedModel(model, use_buffers=True)
""",
    not_flagged=(
        "`update_bn` anywhere in the file; an averaging that speaks of buffers or goes over "
        "`state_dict()`; a plain copy; an average that itself runs in TRAIN (a mean teacher moves its own "
        "statistics); two wrappers of one model; shadow weights swapped into the live model; models without "
        "batch norm. Where the model is not in view: a note."
    ),
    fix=(
        "explained with the line to write: `use_buffers=True` or `update_bn` for AveragedModel, a copy of "
        "the buffers behind a loop of the user's own."
    ),
    check=check,
)
