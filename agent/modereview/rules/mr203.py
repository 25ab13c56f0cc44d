"""MR203 layer-built-in-forward."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import FLUENT, SENSITIVE_LAYERS, says_deliberate
from modereview.records import Finding, Fix, Program, Severity
from modereview.rules import kin
from modereview.rules.base import Rule, comment_at, fix
from modereview.rules.inside import caller_decides, mode_decides, running


def check(program: Program) -> Iterator[Finding]:
    """Mode-sensitive layers that `forward` builds anew at each call and uses on the spot."""
    assert program.names is not None
    for run in running(program):
        for call in _built_and_called(run.function.body):
            origin = program.names.origin(call.func) or ""
            kind = origin.rpartition(".")[2]
            built = kind in SENSITIVE_LAYERS and origin.startswith("torch.nn.")
            if built and not mode_decides(run.function.body, call.span):
                yield _finding(program, run.module.name, run.function, kind, call)


def _built_and_called(body: ir.Block) -> Iterator[ir.Call]:
    """Calls whose result is called: `Layer(...)(x)`, or `layer = Layer(...)` and `layer(x)` later."""
    called = {c.func.id for c in walk.calls(body) if isinstance(c.func, ir.Name)}
    switched = {
        c.func.base.id
        for c in walk.calls(body)
        if isinstance(c.func, ir.Attr)
        and c.func.name in ("eval", "train")
        and isinstance(c.func.base, ir.Name)
    }
    for call in walk.calls(body):
        if isinstance(call.func, ir.Call):
            yield _unmoved(call.func)
    for statement in walk.statements(body):
        if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Call):
            names = {t.id for t in statement.targets if isinstance(t, ir.Name)}
            if names & called and not names & switched:
                yield _unmoved(statement.value)


def _unmoved(call: ir.Call) -> ir.Call:
    """The call that builds: `nn.Dropout(0.5)` of `nn.Dropout(0.5).to(x.device)`."""
    match call.func:
        case ir.Attr(ir.Call() as inner, name) if name in FLUENT:
            return _unmoved(inner)
        case _:
            return call


def _finding(program: Program, module: str, method: ir.Function, kind: str, call: ir.Call) -> Finding:
    told = caller_decides(method, call.span)
    meant = told or says_deliberate(comment_at(program, call.span.line))
    does = (
        "drops in eval mode too"
        if "rop" in kind or kind == "RReLU"
        else "uses batch statistics in eval mode too"
    )
    return RULE.finding(
        program,
        call.span,
        f"`nn.{kind}` built in `{method.short}` {does}",
        severity=Severity.NOTE if meant else None,
        facts=(f"a new `{kind}` is in TRAIN and is no part of `{module}`: no `eval()` reaches it",),
        function=method.name,
        subject=program.source.slice(call.func.span),
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """The layer into `__init__`, where its arguments mean the same there."""
    assert program.names is not None
    module = program.module(finding.function.rpartition(".")[0])
    body = program.names.functions[finding.function].body
    call = next((c for c in walk.calls(body) if c.span == finding.span), None)
    others = kin.attributes(program, module.name) if module is not None else None
    if module is None or call is None or others is None or not _same_in_init(program, module.name, call):
        return
    kind = finding.subject.rpartition(".")[2]
    attr = edits.free_name(program.source, module.span, re.sub(r"\d+d$", "", kind).lower(), others)
    text = program.source.slice(call.span)
    kept = edits.insert_in_init(program.source, module.span, f"self.{attr} = {text}")
    if kept is None:
        return
    used = edits.replace(program.source, call.span, f"self.{attr}")
    has_state = "Norm" in kind
    state, plain = (
        "`state_dict` gains entries: checkpoints made before lack them",
        "checkpoints made before still load",
    )
    yield fix(
        program.source,
        finding,
        f"build `{text}` once in `__init__` as `self.{attr}`",
        kept,
        used,
        consequence=state if has_state else f"evaluation no longer drops; {plain}",
        safe=not has_state,
    )


def _same_in_init(program: Program, cls: str, call: ir.Call) -> bool:
    """Whether the arguments are literals, names of the top level, or what `__init__` alone sets on self."""
    top = {
        t.id for s in program.block if isinstance(s, ir.Assign) for t in s.targets if isinstance(t, ir.Name)
    }
    for argument in (*call.args, *(v for _, v in call.kwargs)):
        text = walk.dotted(argument) or ""
        if not (isinstance(argument, ir.Const) or kin.is_settled(program, cls, text) or text in top):
            return False
    return True


RULE = Rule(
    id="MR203",
    name="layer-built-in-forward",
    severity=Severity.ERROR,
    summary="a dropout or norm layer made inside `forward`: always in TRAIN, never registered",
    why=(
        "A layer that `forward` builds is new at each call, and new modules are in TRAIN. `eval()` walks "
        "over registered submodules and never meets it; a norm built so also forgets its "
        "statistics each time."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval",
    bad="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return nn.Dropout(0.5)(self.fc(x))
""",
    good="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(self.fc(x))
""",
    not_flagged=(
        "layers without a mode (`nn.ReLU()(x)`); a layer kept on `self` or switched before its use, or under "
        "`if self.training:`; under a switch that the caller gives it is a note."
    ),
    fix="the layer moves to `__init__` under a free name; arguments that depend on the input: no fix.",
    check=check,
    mend=mend,
)
