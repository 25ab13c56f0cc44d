"""MR204 functional-norm-in-train-mode."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Finding, Fix, Program, Severity
from modereview.rules import inside, lookup, rates
from modereview.rules.base import Rule, comment_at, fix
from modereview.rules.telling import flag_edits


@dataclass(frozen=True)
class _Flag:
    """The argument that switches a function to what it does in training, and where its statistics are."""

    name: str
    position: int
    default: bool
    mean: int | None = None  # position of `running_mean`


_F = "torch.nn.functional."
_FLAGS = {
    _F + "batch_norm": _Flag("training", 5, False, mean=1),
    "torch.batch_norm": _Flag("training", 5, False, mean=3),
    _F + "instance_norm": _Flag("use_input_stats", 5, True, mean=1),
    _F + "rrelu": _Flag("training", 3, False),
    _F + "rrelu_": _Flag("training", 3, False),
    "torch.rrelu": _Flag("training", 3, False),
    _F + "alpha_dropout": _Flag("training", 2, False),
    _F + "feature_alpha_dropout": _Flag("training", 2, False),
    "torch.dropout": _Flag("train", 2, False),
    "torch.alpha_dropout": _Flag("train", 2, False),
}
_NAMED = re.compile(r"\b(batch_norm|instance_norm|rrelu_?|(feature_)?alpha_dropout|dropout)\(")
# Norms of one sample at a time, written as a batch norm of a reshaped tensor (AdaIN, weight standardization).
_ONE_SAMPLE = re.compile(r"instance|ada_?in|group|layer_?norm|standardi[sz]|std_?conv|weight", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """Calls in what modules run that are told to train, whatever the mode."""
    assert program.names is not None
    if not _NAMED.search(program.source.code):
        return
    used = inside.used_by_modules(program)
    for function in program.names.functions.values():
        if not inside.owner(program, function) and function.name not in used:
            continue
        for call in walk.calls(function.body):
            flag = _FLAGS.get(program.names.origin(call.func) or "")
            if flag and _told_to_train(call, flag) and not _meant(program, function, call, flag):
                yield _finding(program, function, call, flag)


def _told_to_train(call: ir.Call, flag: _Flag) -> bool:
    """The flag is the literal True, or left at a default of True where statistics are given."""
    given = lookup.argument(call, flag.name, flag.position)
    if given is None:
        return flag.default and not lookup.spreads(call) and _statistics(call, flag)
    return lookup.constant(given) is True and (not flag.default or _statistics(call, flag))


def _statistics(call: ir.Call, flag: _Flag) -> bool:
    """Whether running statistics are given."""
    mean = None if flag.mean is None else lookup.argument(call, "running_mean", flag.mean)
    return mean is not None and not isinstance(mean, ir.Const)


def _meant(program: Program, function: ir.Function, call: ir.Call, flag: _Flag) -> bool:
    """Whether the mode decides elsewhere, or the norm is of one sample and no batch is in it."""
    if inside.mode_decides(function.body, call.span):
        return True
    if flag.mean is None or not call.args:
        return False
    module = inside.owner(program, function)
    names = f"{module.name if module else ''} {function.name} {inside.text_of(program, call.args[0])}"
    return bool(_ONE_SAMPLE.search(names)) or _has_batch_of_one(function, call.args[0])


def _has_batch_of_one(function: ir.Function, value: ir.Expr) -> bool:
    """`x.view(1, ...)`, also where it was given to a name before."""
    if isinstance(value, ir.Name):
        pairs = (p for s in walk.statements(function.body) for p in lookup.bindings(s))
        return any(
            isinstance(v, ir.Call) and _has_batch_of_one(function, v)
            for t, v in pairs
            if walk.dotted(t) == value.id
        )
    calls = (e for e in walk.subexpressions(value) if isinstance(e, ir.Call))
    return any(
        isinstance(c.func, ir.Attr)
        and c.func.name in ("view", "reshape")
        and lookup.constant(c.args[0] if c.args else None) == 1
        for c in calls
    )


def _is_a_norm_itself(program: Program, function: ir.Function) -> bool:
    """Whether the class is a batch norm of torch with a `forward` of its own: that may be all it is for."""
    assert program.names is not None
    module = inside.owner(program, function)
    bases = (b for c in inside.lineage(program, module.name) for b in c.bases) if module else ()
    origins = [program.names.origin(base) or "" for base in bases]
    return any(o.startswith("torch.nn.") and "BatchNorm" in o for o in origins)


def _finding(program: Program, function: ir.Function, call: ir.Call, flag: _Flag) -> Finding:
    name = inside.text_of(program, call.func)
    without = flag.mean is not None and not _statistics(call, flag)
    said = says_deliberate(function.name) or says_deliberate(comment_at(program, call.span.line))
    meant = said or (flag.mean is not None and _is_a_norm_itself(program, function))
    asked = flag.mean is None and rates.are_up_to_callers(program, function, lookup.argument(call, "p", 1))
    told = (
        f"its `{flag.name}` is True"
        if lookup.argument(call, flag.name, flag.position)
        else f"its `{flag.name}` is True unless given"
    )
    does = "uses the statistics of the batch" if flag.mean is not None else "is random"
    if "instance" in name:
        does = "ignores the running statistics it is given"
    return RULE.finding(
        program,
        call.span,
        f"`{name}` {does} in eval mode too: {told}",
        severity=Severity.NOTE if meant or without or asked else None,
        facts=(f"`{name}` is no module and only does what it is told: no `eval()` reaches it",),
        function=function.name,
        subject=name,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`self.training` for the flag, where EVAL has statistics to use; through a parameter if need be."""
    assert program.names is not None
    function = program.names.functions[finding.function]
    call = next((c for c in walk.calls(function.body) if c.span == finding.span), None)
    flag = _FLAGS.get(program.names.origin(call.func) or "") if call else None
    if not call or not flag:
        return
    if flag.mean is not None and not _statistics(call, flag):
        return
    told = flag_edits(program, function, call, flag.name, flag.position)
    if not told:
        return
    yield fix(
        program.source,
        finding,
        f"pass `self.training` to `{finding.subject if len(told) == 1 else function.name}`",
        *told,
        consequence="evaluation gives other numbers from now on; training stays as it is",
    )


RULE = Rule(
    id="MR204",
    name="functional-norm-in-train-mode",
    severity=Severity.ERROR,
    summary="`F.batch_norm(training=True)` and kin: in training for good",
    why=(
        "The functional norms and dropouts do what their flag says. With a literal True, evaluation "
        "normalizes with the statistics of its own batch and moves the running ones, so validation data "
        "leaks into the model and each prediction depends on the samples beside it."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html",
    bad="""\
import torch
import torch.nn.functional as F
from torch import nn

class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("var", torch.ones(4))

    def forward(self, x):
        return F.batch_norm(x, self.mean, self.var, training=True)
""",
    good="""\
import torch
import torch.nn.functional as F
from torch import nn

class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("var", torch.ones(4))

    def forward(self, x):
        return F.batch_norm(x, self.mean, self.var, training=self.training)
""",
    not_flagged=(
        "a flag that is not the literal True; a call under `if self.training:`; `F.instance_norm` without "
        "running statistics; norms of one sample written as a batch norm of `x.view(1, ...)` (AdaIN, weight "
        "standardization); functions that no module calls. Without running statistics, where no other mode "
        "was thought of, where a name or comment says that it is meant, in a class that is a batch norm, "
        "and where the rate of a dropout is 0 until a caller asks for another, it is a note."
    ),
    fix="`self.training` for the flag; none where EVAL would have no running statistics to use.",
    check=check,
    mend=mend,
)
