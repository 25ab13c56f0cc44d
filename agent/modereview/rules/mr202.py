"""MR202 attention-dropout-always-on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Finding, Fix, ModuleClass, Program, Severity
from modereview.rules import inside, lookup
from modereview.rules.base import Rule, comment_at, fix

# Attention functions that drop whenever their rate is not 0: keyword and position of the rate.
# Their documentation tells the caller to pass 0 in evaluation.
_RATE = {
    "torch.nn.functional.scaled_dot_product_attention": ("dropout_p", 4),
    "flash_attn.flash_attn_func": ("dropout_p", 3),
    "flash_attn.flash_attn_qkvpacked_func": ("dropout_p", 1),
    "flash_attn.flash_attn_kvpacked_func": ("dropout_p", 2),
    "flash_attn.flash_attn_varlen_func": ("dropout_p", 7),
    "xformers.ops.memory_efficient_attention": ("p", 4),
}

_ATTENTION = re.compile(r"attn|attention|sdpa", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """Attention calls in modules whose dropout rate is the same in TRAIN and EVAL."""
    assert program.names is not None
    for function in program.names.functions.values():
        module = inside.owner(program, function)
        for call in walk.calls(function.body) if module else ():
            if module is None:
                continue
            known = _rate_of(program, call)
            rate = lookup.argument(call, *known) if known else _handed_on(program, module, call)
            if rate is not None and _always_on(program, function, module.name, call, rate):
                unsure = known is None or _off_unless_asked(program, module, rate)
                yield _finding(program, function, call, rate, off=unsure)


def _handed_on(program: Program, module: ModuleClass, call: ir.Call) -> ir.Expr | None:
    """The `dropout_p` of an attention function that is not in view; a layer sees to its mode itself."""
    assert program.names is not None
    text = walk.dotted(call.func) or ""
    own = text.startswith("self.")
    chosen = (
        own and inside.method_of(program, module.name, text[5:]) is None and not _is_layer(module, text[5:])
    )
    elsewhere = not own and program.names.function_at(call.func) is None
    told = any(inside.asks_mode(value) for value in (*call.args, *(v for _, v in call.kwargs)))
    named = _ATTENTION.search(text.rpartition(".")[2]) is not None
    return dict(call.kwargs).get("dropout_p") if named and not told and (chosen or elsewhere) else None


def _is_layer(module: ModuleClass, attr: str) -> bool:
    """Whether an attribute is built by calling a class."""
    kinds = (layer.kind.rpartition(".")[2] for layer in module.layers if layer.attr == attr)
    return any(kind[:1].isupper() for kind in kinds)


def _rate_of(program: Program, call: ir.Call) -> tuple[str, int] | None:
    """Keyword and position of the rate that a call drops at: an attention function's, or a helper's of it."""
    assert program.names is not None
    known = _known(program.names.origin(call.func) or "")
    helper = program.names.functions.get(walk.dotted(call.func) or "")
    return known or (_handed_in(program, helper) if helper is not None and not helper.method_of else None)


def _handed_in(program: Program, helper: ir.Function) -> tuple[str, int] | None:
    """The parameter that a plain function hands on as the rate as it is, whatever the mode."""
    assert program.names is not None
    bound = {walk.dotted(t) for s in walk.statements(helper.body) for t, _ in lookup.bindings(s)}
    for call in walk.calls(helper.body):
        known = _known(program.names.origin(call.func) or "")
        rate = lookup.argument(call, *known) if known else None
        for position, parameter in enumerate(helper.params):
            same = isinstance(rate, ir.Name) and rate.id == parameter.name and rate.id not in bound
            if same and not inside.mode_decides(helper.body, call.span):
                return parameter.name, position
    return None


def _known(origin: str) -> tuple[str, int] | None:
    return _RATE.get(origin.replace("flash_attn.flash_attn_interface.", "flash_attn."))


def _always_on(program: Program, function: ir.Function, cls: str, call: ir.Call, rate: ir.Expr) -> bool:
    """A rate above 0 that is a literal or an attribute, itself or through one local name."""
    if isinstance(rate, ir.Name):
        assigned = [
            v
            for s in walk.statements(function.body)
            for t, v in lookup.bindings(s)
            if walk.dotted(t) == rate.id
        ]
        if len(assigned) != 1:
            return False
        rate = assigned[0]
    if inside.mode_decides(function.body, call.span) or inside.mode_decides(function.body, rate.span):
        return False
    text = walk.dotted(rate) or ""
    if text.startswith("self."):
        return not _told(program, cls, text)
    return isinstance(lookup.constant(rate), int | float) and lookup.constant(rate) != 0


def _told(program: Program, cls: str, text: str) -> bool:
    """Whether the attribute follows the mode, or is 0: a property, or assigned outside `__init__`."""
    values = []
    for base in inside.lineage(program, cls):
        if base.method(text.split(".")[1]):
            return True
        for method in base.methods:
            for statement in walk.statements(method.body):
                here = [v for t, v in lookup.bindings(statement) if walk.dotted(t) == text]
                if here and (method.short != "__init__" or inside.asks_mode(here[0])):
                    return True
                values += here
    return bool(values) and all(lookup.constant(v) == 0 for v in values)


def _off_unless_asked(program: Program, module: ModuleClass, rate: ir.Expr) -> bool:
    """Whether the attribute is a parameter of `__init__` that is 0 unless given."""
    text = walk.dotted(rate) or ""
    init = inside.method_of(program, module.name, "__init__")
    defaults = {p.name: p.default for p in init.params} if init else {}
    return any(
        walk.dotted(t) == text and lookup.constant(defaults.get(walk.dotted(v) or "")) == 0
        for s in walk.statements(init.body if init else ())
        for t, v in lookup.bindings(s)
    )


def _finding(program: Program, function: ir.Function, call: ir.Call, rate: ir.Expr, *, off: bool) -> Finding:
    name = inside.text_of(program, call.func)
    meant = says_deliberate(function.name) or says_deliberate(comment_at(program, call.span.line))
    return RULE.finding(
        program,
        call.span,
        f"`{name}` drops in eval mode too: its rate is always `{inside.text_of(program, rate)}`",
        severity=Severity.NOTE if meant else Severity.WARNING if off else None,
        facts=(f"`{name}` is no module and knows no mode: it drops whenever its rate is not 0",),
        function=function.name,
        subject=name,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`rate if self.training else 0.0` in the place of the rate."""
    assert program.names is not None
    body = program.names.functions[finding.function].body
    call = next((c for c in walk.calls(body) if c.span == finding.span), None)
    if call is None:
        return
    known = _rate_of(program, call) or ("dropout_p", None)
    rate = lookup.argument(call, *known)
    if rate is None:
        return
    gated = f"{inside.text_of(program, rate)} if self.training else 0.0"
    yield fix(
        program.source,
        finding,
        f"pass `{known[0]}={gated}`",
        edits.set_argument(program.source, finding.span, known[0], gated, position=known[1]),
        consequence="evaluation no longer drops attention: expect other validation numbers",
    )


RULE = Rule(
    id="MR202",
    name="attention-dropout-always-on",
    severity=Severity.ERROR,
    summary="`scaled_dot_product_attention` whose `dropout_p` does not follow `self.training`",
    why=(
        "The attention functions know no mode: they drop whenever their rate is not 0. A rate that is not "
        "set to 0 in evaluation makes every prediction random, and no `eval()` helps."
    ),
    source="https://github.com/pytorch/pytorch/issues/124464",
    bad="""\
import torch.nn.functional as F
from torch import nn

class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.rate = 0.1

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate)
""",
    good="""\
import torch.nn.functional as F
from torch import nn

class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.rate = 0.1

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return F.scaled_dot_product_attention(q, k, v, dropout_p=self.rate if self.training else 0.0)
""",
    not_flagged=(
        "a rate of 0, or one that is multiplied with or chosen by a training flag; a parameter (the caller "
        "decides); an attribute that a property or another method keeps in step with the mode; functions "
        "outside a module, but for the rates that modules hand them; dropout that a name or comment calls "
        "Monte-Carlo (a note). A rate that is 0 unless `__init__` is given another is a warning."
    ),
    fix="`rate if self.training else 0.0` in the place of the rate.",
    check=check,
    mend=mend,
)
