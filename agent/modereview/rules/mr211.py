"""MR211 functional-dropout-never-on."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.analyze import walk
from modereview.records import Finding, Fix, Program, Severity
from modereview.rules import inside, lookup
from modereview.rules.base import Rule, fix
from modereview.rules.telling import flag_edits

# Functions whose `training` is False unless told, and the position of that argument (signatures, ran).
_NEVER_ON = {
    "torch.nn.functional.alpha_dropout": 2,
    "torch.nn.functional.feature_alpha_dropout": 2,
    "torch.nn.functional.rrelu": 3,
    "torch.nn.functional.rrelu_": 3,
    "torch.rrelu": 3,
    "torch.rrelu_": 3,
}


def check(program: Program) -> Iterator[Finding]:
    """Calls in what modules run that are never told to train."""
    assert program.names is not None
    if "alpha_dropout" not in program.source.code and "rrelu" not in program.source.code:
        return
    used = inside.used_by_modules(program)
    for function in program.names.functions.values():
        if not inside.owner(program, function) and function.name not in used:
            continue
        for call in walk.calls(function.body):
            origin = program.names.origin(call.func) or ""
            position = _NEVER_ON.get(origin)
            told = position is None or lookup.spreads(call) or lookup.argument(call, "training", position)
            never = lookup.constant(lookup.argument(call, "p", 1)) == 0 and "dropout" in origin
            if told or never:
                continue
            name = inside.text_of(program, call.func)
            drops = "dropout" in origin
            yield RULE.finding(
                program,
                call.span,
                f"`{name}` never {'drops' if drops else 'is random'}: it is not told that the model trains",
                severity=Severity.ERROR if drops else Severity.WARNING,
                facts=(f"the `training` of `{name}` is False unless given, unlike that of `F.dropout`",),
                function=function.name,
                subject=name,
            )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`training=self.training`, handed on through a parameter where the call is in a plain function."""
    assert program.names is not None
    function = program.names.functions[finding.function]
    call = next(c for c in walk.calls(function.body) if c.span == finding.span)
    position = _NEVER_ON[program.names.origin(call.func) or ""]
    told = flag_edits(program, function, call, "training", position)
    if not told:
        return
    yield fix(
        program.source,
        finding,
        f"pass `training=self.training` to `{finding.subject if len(told) == 1 else function.name}`",
        *told,
        consequence="training is regularized from now on, as the call says; evaluation stays as it is",
    )


RULE = Rule(
    id="MR211",
    name="functional-dropout-never-on",
    severity=Severity.ERROR,
    summary="`F.alpha_dropout`, `F.rrelu` without `training=`: their default is False",
    why=(
        "`F.dropout` trains unless told otherwise, `F.alpha_dropout`, `F.feature_alpha_dropout` and "
        "`F.rrelu` do the opposite. Without `training=` the call does nothing random at all: the model is "
        "trained without the regularization its author reads in it."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html",
    bad="""\
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return F.alpha_dropout(F.selu(self.fc(x)), 0.1)
""",
    good="""\
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return F.alpha_dropout(F.selu(self.fc(x)), 0.1, training=self.training)
""",
    not_flagged=(
        "`training` given in any form, False included: that is said, not forgotten; a rate of 0; functions "
        "that no module calls. `F.rrelu` is a warning: without the flag it is a leaky ReLU."
    ),
    fix=(
        "`training=self.training` in the call. A plain function gets a parameter `training` that the methods "
        "which call it pass on; no fix where others call it."
    ),
    check=check,
    mend=mend,
)
