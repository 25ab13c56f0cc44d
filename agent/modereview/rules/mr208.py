"""MR208 noise-ignores-mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Finding, Fix, Program, Severity, Span
from modereview.rules import inside
from modereview.rules.base import Rule, comment_at, fix
from modereview.rules.noise import Meeting, meetings

# Randomness that is what the module is for, in EVAL as well, by the names people give it.
_MEANT = re.compile(
    r"(^|_)(diffusion|ddpm|ddim|denois\w*|score_?net\w*|langevin|sde|flow|w?gan|generat\w*|discrim\w*|sampler|gumbel"
    r"|channel|awgn|snr|quanti\w*|dither\w*|privacy|rand\w*|augment\w*|jitter|transform|corrupt\w*|perturb\w*|attack\w*"
    r"|adversar\w*|policy|actor|action|explor\w*|\w*loss|stylegan\d?|synthesis|bayes\w*|dequant\w*|noise_injection|test)($|_)"
)
# The same, by what a function with noise in it also does.
_MEANT_HERE = re.compile(r"loss|diffusion|timestep|alphas_|gumbel|langevin|policy|action", re.IGNORECASE)
_FLAG = re.compile(
    r"train|eval|infer|test|determin|stoch|sample|is_?none|noise|augment|corrupt|mode\b", re.IGNORECASE
)
# mu + eps * std: a sample of a predicted distribution (the reparametrization of a VAE).
_PREDICTED = re.compile(
    r"(^|_)(mu|mean|loc|std|sigma|sd|log_?(var|sigma|std|sd)|variance|var|stddev)\d?($|_)", re.IGNORECASE
)
_SAMPLES = re.compile(r"reparam|sampl|latent|bottleneck|posterior", re.IGNORECASE)

_KEPT = re.compile(r"(\s*/\s*([\w.]+|\(\s*1(\.0*)?\s*-\s*[\w.]+\s*\)))?")  # what a dropout divides by
_DROPS = re.compile(r"drop|mask|keep|bernoulli", re.IGNORECASE)  # names of what zeroes activations


def check(program: Program) -> Iterator[Finding]:
    """Random numbers that meet activations in a forward of a class that never asks for its mode."""
    if "torch" not in program.imports:
        return
    silent: dict[str, bool] = {}
    for each in inside.running(program):
        found = next(meetings(program, each.function), None)
        if found is None:
            continue
        cls = each.module.name
        if cls not in silent:
            silent[cls] = _asks(program, cls) or _guarded_outside(program, cls)
        if not silent[cls] and not _on_a_flag(program, each.function, found):
            yield from _finding(program, each, found)


def _asks(program: Program, cls: str) -> bool:
    """Whether anything in the class speaks of its mode."""
    return any(
        re.search(
            r"\btraining\b|is_train|\.train\b",
            "\n".join(program.source.lines[c.span.line - 1 : c.span.end_line]),
        )
        for c in inside.lineage(program, cls)
    )


def _guarded_outside(program: Program, cls: str) -> bool:
    """Whether another class of the file builds it and calls it under a training flag only."""
    for module in program.modules:
        attrs = {f"self.{layer.attr}" for layer in module.layers if layer.kind == cls}
        for function in inside.reached(program, module.name, "forward") if attrs else ():
            for call in walk.calls(function.body):
                if walk.dotted(call.func) in attrs and inside.mode_decides(function.body, call.span):
                    return True
    return False


def _on_a_flag(program: Program, function: ir.Function, found: Meeting) -> bool:
    """Whether a parameter of the function, or an attribute that is named so, decides if there is noise."""
    given = {p.name for p in function.params[1:]}
    for test, span in _tests(function):
        within = walk.within(found.expr.span, span) or walk.within(found.drawn.span, span)
        names = {walk.dotted(e) or "" for e in walk.subexpressions(test)}
        if within and (names & given or any(_FLAG.search(n) for n in names)):
            return True
    return False


def _tests(function: ir.Function) -> Iterator[tuple[ir.Expr, Span]]:
    for statement in walk.statements(function.body):
        if isinstance(statement, ir.If):
            leaves = bool(statement.body) and isinstance(statement.body[-1], ir.Leave)
            yield statement.test, function.span if leaves else statement.span
    for expr in walk.all_expressions(function.body):
        if isinstance(expr, ir.Choice | ir.Logic):
            yield (expr.test if isinstance(expr, ir.Choice) else expr), expr.span


def _finding(program: Program, each: inside.Running, found: Meeting) -> Iterator[Finding]:
    predicted = _predicted(each, found)
    if _purpose(program, each) or (not predicted and _escapes(each, found)):
        return
    note = predicted or says_deliberate(f"{each.module.name} {comment_at(program, found.expr.span.line)}")
    drawn = inside.text_of(program, found.drawn).partition("(")[0]
    verb = "multiplied with" if found.operator == "*" else "added to"
    message = f"random numbers of `{drawn}` are {verb} activations in eval mode too"
    if predicted:
        message = f"`{each.function.short}` draws a sample in eval mode too: predictions are random"
    yield RULE.finding(
        program,
        found.expr.span,
        message,
        severity=Severity.NOTE if note or not _is_mask(program, each, found) else None,
        facts=(
            f"nothing in `{each.module.name}` asks for `self.training`: `eval()` does not stop the noise",
        ),
        function=each.function.name,
        subject=drawn,
    )


def _is_mask(program: Program, each: inside.Running, found: Meeting) -> bool:
    """Whether it zeroes activations, as a dropout does; noise that is added is what many a module is for."""
    written = inside.text_of(program, found.drawn) + each.function.name + each.module.name
    names = " ".join(walk.dotted(e) or "" for e in walk.subexpressions(found.random))
    drawn = any(isinstance(e, ir.Compare) for e in walk.subexpressions(found.random))
    return found.operator == "*" and (drawn or bool(_DROPS.search(f"{written} {names}")))


def _purpose(program: Program, each: inside.Running) -> bool:
    """Whether a name of the class or function, or what it does, says that it is random on purpose."""
    names = re.sub(
        r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\.", "_", each.function.name + "." + each.module.name
    )
    lines = program.source.lines[each.function.span.line - 1 : each.function.span.end_line]
    return bool(_MEANT.search(names.lower()) or _MEANT_HERE.search("\n".join(lines)))


def _predicted(each: inside.Running, found: Meeting) -> bool:
    """A sample around a mean and with a spread that the network predicts: local names, not settings."""
    parts = (e for side in (found.random, found.other) for e in walk.subexpressions(side))
    names = (e.id for e in parts if isinstance(e, ir.Name))
    return any(_PREDICTED.search(n) for n in names) or bool(_SAMPLES.search(each.function.short))


def _escapes(each: inside.Running, found: Meeting) -> bool:
    """Whether the same noise is also returned or handed to a call: a target to predict, not a disturbance."""
    parts = (e for e in walk.subexpressions(found.random) if not walk.within(e.span, found.drawn.span))
    names = {e.id for e in parts if isinstance(e, ir.Name)}
    returned = (
        part
        for s in walk.statements(each.function.body)
        if isinstance(s, ir.Leave) and s.value is not None
        for part in (s.value.items if isinstance(s.value, ir.Items) else (s.value,))
    )
    handed = (
        a for c in walk.calls(each.function.body) if not walk.within(found.drawn.span, c.span) for a in c.args
    )
    elsewhere = (e for e in (*returned, *handed) if not walk.within(e.span, found.expr.span))
    return bool(names & {walk.dotted(e) for e in elsewhere})


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`if self.training:` around a sum with noise that is assigned back, or returned. Never by itself."""
    assert program.names is not None
    function = program.names.functions[finding.function]
    found = next((m for m in meetings(program, function) if m.expr.span == finding.span), None)
    holder = next((s for s in walk.statements(function.body) if _is_whole(program, s, finding.span)), None)
    owned = bool(function.params) and function.params[0].name == "self"
    if found is None or holder is None or not owned:
        return
    mask = found.operator == "*"
    if mask and not _DROPS.search(finding.function):
        return
    other = walk.dotted(found.other)
    match holder:
        case ir.Assign((target,)) if other and walk.dotted(target) == other:
            changes = edits.wrap(program.source, holder.span, holder.span, "if self.training:")
        case ir.Leave("return", value) if value is not None and other and found.operator in "+*":
            whole = program.source.slice(value.span)
            changes = (edits.replace(program.source, value.span, f"{whole} if self.training else {other}"),)
        case _:
            return
    does = "drops" if mask else "adds noise"
    why = f"evaluation no longer {does}: expect other validation numbers; training stays as it is"
    title = "draw the mask in training only" if mask else "add the noise in training only"
    yield fix(program.source, finding, title, *changes, consequence=why, safe=False)


def _is_whole(program: Program, statement: ir.Stmt, place: Span) -> bool:
    """Whether a statement assigns or returns just the expression at a place, perhaps over what is kept."""
    value = statement.value if isinstance(statement, ir.Assign | ir.Leave) else None
    if value is None or not walk.within(place, value.span):
        return False
    before, _, behind = program.source.slice(value.span).partition(program.source.slice(place))
    return not before and bool(_KEPT.fullmatch(behind))


RULE = Rule(
    id="MR208",
    name="noise-ignores-mode",
    severity=Severity.WARNING,
    summary="random numbers meet activations in `forward`, whatever the mode",
    why=(
        "Noise and masks drawn in `forward` regularize the training. Unless `self.training` decides, they "
        "disturb every evaluation as well: the same sample is judged differently each time, and no `eval()` "
        "helps."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval",
    bad="""\
import torch
from torch import nn

class WordDropout(nn.Module):
    def __init__(self, rate=0.1):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        mask = torch.rand(x.shape[:2], device=x.device) > self.rate
        return x * mask.unsqueeze(-1)
""",
    good="""\
import torch
from torch import nn

class WordDropout(nn.Module):
    def __init__(self, rate=0.1):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        mask = torch.rand(x.shape[:2], device=x.device) > self.rate
        return x * mask.unsqueeze(-1) if self.training else x
""",
    not_flagged=(
        "noise that a training flag, a parameter or an attribute named so switches; random numbers that no "
        "activation meets (initial states, latents, positions); noise that is also returned or handed on "
        "(diffusion targets); classes whose name says that randomness is their purpose (samplers, "
        "generators, channels, augmentations). Noise that is added, and a sample of a predicted mean and "
        "deviation, as in a VAE, are notes: many a module is there for them."
    ),
    fix=(
        "`if self.training:` around noise that is added and assigned back or returned; unsafe, as its author "
        "may mean it. Masks only in what is called a dropout; none within larger expressions."
    ),
    check=check,
    mend=mend,
    safe=False,
)
