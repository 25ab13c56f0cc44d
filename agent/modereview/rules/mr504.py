"""MR504 probe-moves-statistics."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.handing import PROBES
from modereview.analyze.layers import layer_kinds
from modereview.analyze.torchfacts import FLUENT
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity, Span
from modereview.rules import lookup
from modereview.rules.base import Rule, deliberate, fix
from modereview.rules.freezing import freezes, submodules
from modereview.rules.meeting import body_of
from modereview.rules.spelling import spelled

_MADE_UP = frozenset(f"torch.{name}" for name in "zeros ones rand randn empty full".split())
_UNRECORDED = ("unsqueeze", "view", "reshape", "requires_grad_")


def check(program: Program) -> Iterator[Finding]:
    """Dummy forwards in TRAIN of a model that is trained later in the same run, then those in `__init__`."""
    if "BatchNorm" not in program.source.text:
        return
    found = {f.span: f for f in probes(program) if _moves(f) and not _is_frozen(program, f)}
    for span in sorted(found):
        yield _finding(program, found[span])
    yield from _in_init(program)


def probes(program: Program) -> Iterator[Forward]:
    """Dummy forwards of a model with batch norms that is trained later in the same run, in whatever mode."""
    for forward in (*program.handed, *(f for f in program.forwards if f.role == "unknown")):
        normed = any("BatchNorm" in kind for kind in forward.sensitive)
        probe = forward.by in PROBES or (not forward.by and _on_made_up_data(program, forward))
        if normed and probe and _trained_later(program, forward):
            yield forward


def _moves(forward: Forward) -> bool:
    return forward.mode is Mode.TRAIN and forward.cause in ("build", "switch") and forward.exact


def _is_frozen(program: Program, probe: Forward) -> bool:
    """Whether norms, or parts that may hold them, were put in EVAL before: they take nothing of the probe."""
    before = [s for s in body_of(program, probe.function) if s.span < probe.span]
    frozen = (*freezes(program, tuple(before)), *submodules(tuple(before)))
    return any(f.target == probe.model or f.target.startswith(f"{probe.model}.") for f in frozen)


def _trained_later(program: Program, probe: Forward) -> bool:
    """Whether the same run goes on to train a model of the same kind."""
    trail = (*probe.path, probe.span)
    return any(
        f.role == "train"
        and _same_run(program, f, probe)
        and (f.classes == probe.classes if probe.classes else f.model == probe.model)
        and (*f.path, f.span) > trail
        for f in program.forwards
    )


def _same_run(program: Program, trained: Forward, probe: Forward) -> bool:
    """Whether one call, or the top level of the file, leads to both."""
    if probe.through:
        return trained.through[:1] == probe.through[:1]
    start = (*trained.path, trained.span)[0]
    defined = (s.span for s in program.block if isinstance(s, ir.Define | ir.DefineClass))
    return not any(walk.within(start, span) for span in defined)


def _on_made_up_data(program: Program, forward: Forward) -> bool:
    body = dict(lookup.scopes(program)).get(forward.function, ())
    call = next((c for c in walk.calls(body) if c.span == forward.span), None)
    return call is not None and _is_made_up(program, forward.function, call)


def _is_made_up(program: Program, function: str, call: ir.Call) -> bool:
    """Whether every argument is a tensor of zeros, ones or noise."""
    return bool(call.args) and all(_made_up(program, function, a) for a in call.args)


def _made_up(program: Program, function: str, expr: ir.Expr, through: frozenset[str] = frozenset()) -> bool:
    """`through` are the names that led here: of `x = x.to(device)` nothing tells what x was."""
    assert program.names is not None
    match expr:
        case ir.Call(ir.Attr(base, name)) if name in FLUENT or name in _UNRECORDED:
            return _made_up(program, function, base, through)
        case ir.Call(func):
            return (program.names.origin(func) or "") in _MADE_UP
        case ir.Name(name) if name not in through:
            value = lookup.assigned(program, function, expr)
            return isinstance(value, ir.Call) and _made_up(program, function, value, through | {name})
        case _:
            return False


def _finding(program: Program, forward: Forward) -> Finding:
    return RULE.finding(
        program,
        forward.span,
        f"this probe moves the running statistics of `{forward.model}`",
        severity=Severity.NOTE if deliberate(program, forward) else None,
        evidence=(*forward.why, Event(forward.span, "run here in TRAIN on made-up data", "forward")),
        facts=("batch norms in TRAIN take a tenth of what they see into their statistics, `no_grad` or not",),
        function=forward.function,
        subject=forward.model,
    )


def _in_init(program: Program) -> Iterator[Finding]:
    """`self.features(torch.zeros(...))` while a module is built: washed out by the training, so a note."""
    assert program.names is not None
    for module in program.modules:
        init = program.names.classes[module.name].method("__init__")
        if init is None or not module.normed:
            continue
        switched = [c.span for c in walk.calls(init.body) if walk.dotted(c.func) and _switches(c)]
        for call in walk.calls(init.body):
            layer = walk.dotted(call.func) or ""
            probe = layer.startswith("self.") and _is_made_up(program, init.name, call)
            if probe and _holds_norm(program, init, layer) and not any(s < call.span for s in switched):
                yield _note(program, init.name, layer, call.span)


def _switches(call: ir.Call) -> bool:
    return isinstance(call.func, ir.Attr) and call.func.name in ("eval", "train", "reset_running_stats")


def _holds_norm(program: Program, init: ir.Function, layer: str) -> bool:
    assert program.names is not None
    for statement in walk.statements(init.body):
        for target, value in lookup.bindings(statement):
            if walk.dotted(target) == layer:
                built = (e for e in walk.subexpressions(value) if isinstance(e, ir.Call))
                kinds, _ = layer_kinds(built, program.names)
                return any(_is_normed(program, kind) for kind in kinds)
    return False


def _is_normed(program: Program, kind: str) -> bool:
    module = program.module(kind[1:]) if kind.startswith("@") else None
    return "BatchNorm" in kind or (module is not None and module.normed)


def _note(program: Program, function: str, layer: str, span: Span) -> Finding:
    return RULE.finding(
        program,
        span,
        f"this probe moves the running statistics of `{layer}`",
        severity=Severity.NOTE,
        facts=("new modules are in TRAIN; what the probe leaves behind fades over the first steps",),
        function=function,
        subject=layer,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """EVAL around a probe that is a statement of its own, and `no_grad`, as nothing is learnt there."""
    forward = next((f for f in (*program.handed, *program.forwards) if f.span == finding.span), None)
    if forward is None or not all(part.isidentifier() for part in forward.model.split(".")):
        return
    if _in_a_header(body_of(program, forward.function), forward.span):
        return
    around = [
        edits.insert_before(program.source, forward.span, f"{forward.model}.eval()"),
        edits.insert_after(program.source, forward.span, f"{forward.model}.train()"),
    ]
    if forward.grad is not False:
        name = spelled(program, "torch.no_grad")
        off = edits.wrap(program.source, forward.span, forward.span, f"with {name.text}():")
        around = [*name.imports, *edits.together((around[0], *off, around[1]))]
    why = "running statistics start from where the model brought them; the training is the same from then on"
    yield fix(
        program.source, finding, f"run the probe of `{forward.model}` in EVAL", *around, consequence=why
    )


def _in_a_header(body: ir.Block, call: Span) -> bool:
    """Whether a call stands in the head of an `if` or a loop, whose body goes along, or in a `return`."""
    around = [s for s in walk.statements(body) if walk.within(call, s.span)]
    return bool(around) and (isinstance(around[-1], ir.Leave) or any(walk.blocks(around[-1])))


RULE = Rule(
    id="MR504",
    name="probe-moves-statistics",
    severity=Severity.WARNING,
    summary="a dummy forward in TRAIN moves the running statistics before the training",
    why=(
        "A forward on zeros or noise, made to learn a shape or to print a summary, counts as a batch for "
        "every batch norm in TRAIN. In a model with pretrained weights a tenth of the statistics is then "
        "of made-up data, and a run with the probe differs from one without."
    ),
    source="https://github.com/microsoft/hi-ml/issues/809",
    bad="""\
import torch
from torch import nn

def main(loader):
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.LazyLinear(2))
    out = model(torch.zeros(2, 3, 32, 32))
    print(out.shape)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
""",
    good="""\
import torch
from torch import nn

def main(loader):
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.LazyLinear(2))
    model.eval()
    out = model(torch.zeros(2, 3, 32, 32))
    print(out.shape)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
""",
    not_flagged=(
        "a probe in EVAL, or with norms frozen before; a model without batch norm, or whose layers are not "
        "in view; a file that only tries its model out; `summary` of torchinfo, thop, ptflops, tensorboard, "
        "which switch by themselves. A probe in `__init__` of layers just built is a note."
    ),
    fix=(
        "`eval()` before the probe, `no_grad` around it, and `train()` after it; none where it stands in the "
        "head of an `if` or a loop."
    ),
    check=check,
    mend=mend,
)
