"""MR201 functional-dropout-always-on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import ALWAYS_ON_DROPOUTS, says_deliberate
from modereview.records import Finding, Fix, Program, Severity
from modereview.rules import lookup
from modereview.rules.base import Rule, comment_at, fix
from modereview.rules.inside import caller_decides, follows_mode, mode_decides
from modereview.rules.telling import flag_edits

# Layers that drop at inference by design: the pre-net of Tacotron (arXiv 1712.05884, section 2.2).
_BY_DESIGN = re.compile(r"pre_?net", re.IGNORECASE)
_TRAINING = 2  # position of `training` in F.dropout(input, p, training, inplace)


def check(program: Program) -> Iterator[Finding]:
    """Functional dropouts whose `training` is left at its default, or is the literal True."""
    assert program.names is not None
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


def _rate_is_given(program: Program, function: ir.Function, call: ir.Call) -> bool:
    """Whether a plain function takes the rate from its callers, none of which here gives one in EVAL."""
    assert program.names is not None
    rate = lookup.argument(call, "p", 1)
    names = [p.name for p in function.params]
    if function.method_of or not isinstance(rate, ir.Name) or rate.id not in names:
        return False
    position = names.index(rate.id)
    for caller in program.names.functions.values():
        for each in walk.calls(caller.body):
            if program.names.function_at(each.func) is function:
                given = lookup.argument(each, rate.id, position)
                if given is None or not follows_mode(caller.body, given):
                    return False
    return True


def _is_off_unless_asked(program: Program, function: ir.Function, call: ir.Call) -> bool:
    """Whether the rate is a parameter that is 0 by default, and nobody in view gives another."""
    assert program.names is not None
    rate = lookup.argument(call, "p", 1)
    around = (program.names.functions.get(name) for name in lookup.enclosing(function.name))
    owner = next((f for f in around if f and isinstance(rate, ir.Name) and _defaults_to_zero(f, rate)), None)
    if owner is None or not isinstance(rate, ir.Name):
        return False
    position = [p.name for p in owner.params if p.name != "self"].index(rate.id)
    return all(
        given is None or lookup.constant(given) == 0 or _defaults_to_zero(caller, given)
        for caller in program.names.functions.values()
        for each in walk.calls(caller.body)
        if (walk.dotted(each.func) or "").rpartition(".")[2] == owner.short
        for given in (lookup.argument(each, rate.id, position),)
    )


def _defaults_to_zero(function: ir.Function, rate: ir.Expr) -> bool:
    defaults = {p.name: p.default for p in function.params}
    default = defaults.get(walk.dotted(rate) or "")
    return default is not None and lookup.constant(default) == 0


def _finding(program: Program, function: ir.Function, call: ir.Call) -> Finding:
    name = program.source.slice(call.func.span)
    module = program.module(function.method_of or "")
    by_design = _BY_DESIGN.search(function.name) is not None
    told = caller_decides(function, call.span) or _rate_is_given(program, function, call)
    told = told or _is_off_unless_asked(program, function, call)
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
