"""MR105 mode-switch-not-called."""

from __future__ import annotations

from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import names_a_model
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity, Span
from modereview.rules.base import Rule, fix

_OTHERS = {"chainer", "tensorflow", "keras", "mxnet", "paddle"}  # where `model.train` may be a plain value


def check(program: Program) -> Iterator[Finding]:
    """`model.eval` as a statement of its own, and `model.train = False`, which shadows the method."""
    assert program.names is not None
    if _OTHERS & {o.partition(".")[0] for o in program.names.imports.values()}:
        return
    scopes = [("", program.block), *((f.name, f.body) for f in program.names.functions.values())]
    for function, body in scopes:
        for statement in walk.statements(body):
            switch = _switch(statement)
            if switch is not None and _is_model(program, function, switch, statement):
                yield _finding(program, function, switch, statement)


def _switch(statement: ir.Stmt) -> ir.Attr | None:
    """The attribute that was meant as a call."""
    match statement:
        case ir.Do(ir.Attr(_, "eval" | "train") as attribute):
            return attribute
        case ir.Assign((ir.Attr(_, "eval" | "train") as attribute,), ir.Const(bool())):
            return attribute
        case _:
            return None


def _is_model(program: Program, function: str, switch: ir.Attr, statement: ir.Stmt) -> bool:
    """Whether a switch is meant, and no setting: `args.train = True` is one."""
    assert program.names is not None
    text = walk.dotted(switch.base)
    if text is None or program.names.origin(switch.base) is not None:
        return False
    if text == "self":
        return program.module(function.rpartition(".")[0]) is not None
    runs = any(f.model == text for f in program.forwards)
    setting = "." in text and isinstance(statement, ir.Assign)  # `cfg.model.eval = False`
    return runs or (names_a_model(text) and not setting)


def _finding(program: Program, function: str, switch: ir.Attr, statement: ir.Stmt) -> Finding:
    model = program.source.slice(switch.base.span)
    wanted = Mode.EVAL if _call(statement, switch) == "eval()" else Mode.TRAIN
    hurt = [f for f in program.forwards if _left_alone(f, function, model, wanted, statement.span)]
    known = any(f.sensitive for f in hurt)
    assigned = isinstance(statement, ir.Assign)
    what = "assigns an attribute" if assigned else f"names the method `{switch.name}`"
    return RULE.finding(
        program,
        statement.span,
        f"`{program.source.slice(statement.span)}` switches nothing: it {what} and does not call it",
        severity=Severity.ERROR if known else Severity.WARNING,
        evidence=tuple(Event(f.span, f"runs here in {f.mode.value}", "forward") for f in hurt[:3]),
        facts=(f"`{model}.{_call(statement, switch)}` is what switches",),
        function=function,
        subject=model,
    )


def _left_alone(forward: Forward, function: str, model: str, wanted: Mode, switch: Span) -> bool:
    """Whether a forward runs in another mode because the switch does nothing."""
    follows = forward.function == function and forward.model == model and switch < forward.span
    meant = ("train",) if wanted is Mode.TRAIN else ("evaluate", "infer")
    return follows and forward.mode is not wanted and forward.role in meant


def _call(statement: ir.Stmt, switch: ir.Attr) -> str:
    """The call that was meant: `model.train = False` means `eval()`."""
    if not isinstance(statement, ir.Assign) or not isinstance(statement.value, ir.Const):
        return f"{switch.name}()"
    return "train()" if statement.value.value is (switch.name == "train") else "eval()"


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """The call in place of the attribute."""
    assert program.names is not None
    body = program.names.functions[finding.function].body if finding.function else program.block
    for statement in walk.statements(body):
        switch = _switch(statement)
        if switch is not None and statement.span == finding.span:
            meant = f"{finding.subject}.{_call(statement, switch)}"
            edit = edits.replace(program.source, finding.span, meant)
            why = "the model is switched from here on: numbers change"
            yield fix(program.source, finding, f"call `{meant}`", edit, consequence=why)


RULE = Rule(
    id="MR105",
    name="mode-switch-not-called",
    severity=Severity.ERROR,
    summary="`model.eval` without its brackets, or `model.train = False`: nothing is switched",
    why=(
        "`model.eval` without brackets is a valid expression that does nothing, and `model.train = False` "
        "hides the method behind a value, so that a later `model.train()` fails. Both look like the switch "
        "they are not."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval",
    bad="""\
import torch
from torch import nn

def evaluate(model, loader):
    model.eval
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    print(evaluate(model, loader))
""",
    good="""\
import torch
from torch import nn

def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def main(loader):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
    print(evaluate(model, loader))
""",
    not_flagged=(
        "a setting of the same name (`args.train = True`, `cfg.eval`); a model of another framework; a "
        "method that is handed on (`switch = model.eval`); `model.training = False`."
    ),
    fix="the call in its place: `model.eval()`; for `model.train = False` too.",
    check=check,
    mend=mend,
)
