"""MR201 functional-dropout-always-on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import ALWAYS_ON_DROPOUTS, says_deliberate
from modereview.records import Finding, Fix, Program, Severity
from modereview.rules import lookup, rates
from modereview.rules.base import Rule, comment_at, fix
from modereview.rules.inside import caller_decides, follows_mode, mode_decides
from modereview.rules.telling import flag_edits

# Layers that drop at inference by design: the pre-net of Tacotron (arXiv 1712.05884, section 2.2).
_BY_DESIGN = re.compile(r"pre_?net", re.IGNORECASE)
_TRAINING = 2  # position of `training` in F.dropout(input, p, training, inplace)


def check(program: Program) -> Iterator[Finding]:
    """Functional dropouts whose `training` is left at its default, or is the literal True."""
    assert program.names is not None
    if "dropout" not in program.source.code:
        return
    for function in program.names.functions.values():
        for call in walk.calls(function.body):
            dropout = program.names.origin(call.func) in ALWAYS_ON_DROPOUTS
            if dropout and _always_on(function.body, call) and not mode_decides(function.body, call.span):
                yield _finding(program, function, call)


def _always_on(body: ir.Block, call: ir.Call) -> bool:
    if lookup.spreads(call):
        return False
    training, rate = lookup.argument(call, "training", _TRAINING), lookup.argument(call, "p", 1)
    never = rate is not None and (lookup.constant(rate) == 0 or follows_mode(body, rate))
    return not never and (training is None or lookup.constant(training) is True)


def _finding(program: Program, function: ir.Function, call: ir.Call) -> Finding:
    name = program.source.slice(call.func.span)
    module = program.module(function.method_of or "")
    by_design = _BY_DESIGN.search(function.name) is not None
    rate = lookup.argument(call, "p", 1)
    told = caller_decides(function, call.span) or rates.are_up_to_callers(program, function, rate)
    meant = told or by_design
    meant = meant or any(map(says_deliberate, (function.name, comment_at(program, call.span.line))))
    severity = Severity.ERROR if module else Severity.WARNING
    where = f"`{module.name}`" if module else f"`{function.name}`"
    return RULE.finding(
        program,
        call.span,
        f"`{name}` drops in eval mode too: it is not told whether the model trains",
        severity=Severity.NOTE if meant else severity,
        facts=(
            f"no `eval()` reaches this dropout of {where}: the `training` of `{name}` is True unless given",
        ),
        function=function.name,
        subject=name,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`training=self.training`, handed on through a parameter where the call is in a plain function."""
    assert program.names is not None
    function = program.names.functions[finding.function]
    call = next((c for c in walk.calls(function.body) if c.span == finding.span), None)
    told = flag_edits(program, function, call, "training", _TRAINING) if call else ()
    if not told:
        return
    yield fix(
        program.source,
        finding,
        f"pass `training=self.training` to `{finding.subject if len(told) == 1 else function.name}`",
        *told,
        consequence="evaluation no longer drops: expect other validation numbers; training stays as it is",
    )


RULE = Rule(
    id="MR201",
    name="functional-dropout-always-on",
    severity=Severity.ERROR,
    summary="`F.dropout` without `training=self.training`: its default is True",
    why=(
        "`nn.Dropout` knows the mode of the model, `F.dropout` is only told. Without `training=` it drops in "
        "every evaluation, and no `eval()` helps: each prediction is random."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html",
    bad="""\
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return F.dropout(self.fc(x), 0.5)
""",
    good="""\
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return F.dropout(self.fc(x), 0.5, training=self.training)
""",
    not_flagged=(
        "`training` given in any form but the literal True; a call that `if self.training:` guards; a rate "
        "of 0; `F.alpha_dropout` and kin, whose default is False; dropout that a name or comment calls "
        "Monte-Carlo, the pre-net of Tacotron, which drops at inference by design, one under a switch that "
        "the caller gives, a plain function that takes its rate from its callers, and a rate that is 0 until "
        "a caller asks for another (notes)."
    ),
    fix=(
        "`training=self.training` in the call. A plain function gets a parameter `training` that the methods "
        "which call it pass on; no fix where others call it."
    ),
    check=check,
    mend=mend,
)
