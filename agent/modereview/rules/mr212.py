"""MR212 switch-read-as-flag."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Finding, Fix, Program, Severity
from modereview.rules import inside, lookup
from modereview.rules.base import Rule, fix

_READ = re.compile(r"\bself\.(train|eval)\b(?!\s*\()")  # the method, not called
_FLAG = re.compile(r"^(is_?)?train(ing)?$", re.IGNORECASE)  # arguments that take a mode


def check(program: Program) -> Iterator[Finding]:
    """`self.train` where a truth value is wanted: a bound method, and so always true."""
    assert program.names is not None
    if not _READ.search(program.source.code):
        return
    for function in program.names.functions.values():
        owner = inside.owner(program, function)
        if owner is not None and _are_methods(program, owner.name):
            for read in _reads(program, function):
                yield _finding(program, function, read)


def _are_methods(program: Program, cls: str) -> bool:
    """Whether `train` and `eval` of the class are those of `nn.Module`: nobody in view sets such a value."""
    assert program.names is not None
    classes = list(inside.lineage(program, cls))
    if not all(_is_in_view(program, base) for each in classes for base in each.bases):
        return False
    methods = [method for each in classes for method in each.methods]
    bodies = [*(each.body for each in classes), *(method.body for method in methods)]
    written = (target for body in bodies for s in walk.statements(body) for target, _ in lookup.bindings(s))
    values = {walk.dotted(target) for target in written} & {"train", "eval", "self.train", "self.eval"}
    return not values and not any(m.short in ("train", "eval") and m.decorators for m in methods)


def _is_in_view(program: Program, base: ir.Expr) -> bool:
    assert program.names is not None
    origin = program.names.origin(base) or walk.dotted(base) or ""
    return origin.startswith("torch.nn.") or origin in program.names.classes


def _reads(program: Program, function: ir.Function) -> Iterator[ir.Attr]:
    """Each place where one of the methods stands for the mode, once."""
    wanted = (
        value
        for statement in walk.statements(function.body)
        for value in (*_tested(statement), *_in_expressions(program, statement))
    )
    reads = {value.span: value for value in wanted if _is_switch(value)}
    yield from (value for value in reads.values() if isinstance(value, ir.Attr))


def _is_switch(value: ir.Expr) -> bool:
    match value:
        case ir.Attr(ir.Name("self"), "train" | "eval"):
            return True
        case _:
            return False


def _tested(statement: ir.Stmt) -> tuple[ir.Expr, ...]:
    test = statement.test if isinstance(statement, ir.If | ir.Loop) else None
    return (test,) if test is not None else ()


def _in_expressions(program: Program, statement: ir.Stmt) -> Iterator[ir.Expr]:
    """What the parts of a statement ask the truth of, and what they hand on as a mode."""
    assert program.names is not None
    for part in (e for x in walk.expressions(statement) for e in walk.subexpressions(x)):
        match part:
            case ir.Not(tested) | ir.Choice(test=tested) | ir.Compare(left=tested, right=ir.Const(bool())):
                yield tested
            case ir.Logic(operands=tested) | ir.Comprehension(conditions=tested):
                yield from tested
            case ir.Call():
                if not (program.names.origin(part.func) or "").startswith(
                    "torch."
                ):  # torch itself refuses it
                    yield from (value for name, value in part.kwargs if name and _FLAG.match(name))


def _finding(program: Program, function: ir.Function, read: ir.Attr) -> Finding:
    text = f"self.{read.name}"
    return RULE.finding(
        program,
        read.span,
        f"`{text}` is a method and always true: it does not tell the mode",
        facts=("`self.training` is the flag: what is meant for TRAIN alone happens in EVAL too",)
        if read.name == "train"
        else ("`not self.training` is the mode: what is meant for EVAL alone happens in TRAIN too",),
        function=function.name,
        subject=text,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """The flag in the place of the method."""
    flag = "self.training" if finding.subject == "self.train" else "not self.training"
    edit = edits.replace(program.source, finding.span, flag)
    why = (
        "evaluation no longer does what was meant for training"
        if finding.subject == "self.train"
        else ("training no longer does what was meant for evaluation")
    )
    yield fix(program.source, finding, f"read `{flag}`", edit, consequence=f"{why}: numbers change")


RULE = Rule(
    id="MR212",
    name="switch-read-as-flag",
    severity=Severity.ERROR,
    summary="`self.train` read as a flag: the method is always true, `self.training` is the mode",
    why=(
        "`self.train` is the method that switches, `self.training` the flag that it sets. A method is true "
        "whatever the mode: what stands under `if self.train:` is done in every evaluation too, and no "
        "`eval()` helps. It is one word away from what was meant, and raises nothing."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.train",
    bad="""\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        if self.train:
            x = x + 0.1 * torch.randn_like(x)
        return self.fc(x)
""",
    good="""\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        if self.training:
            x = x + 0.1 * torch.randn_like(x)
        return self.fc(x)
""",
    not_flagged=(
        "a class that sets a `train` or `eval` of its own, or makes one a property; a class with a base that "
        "is not in view; the method handed on or compared with another; `args.train`, `self.cfg.train`; "
        "`F.dropout(x, training=self.train)`, at which torch raises a TypeError."
    ),
    fix="`self.training` in its place, `not self.training` for `self.eval`.",
    check=check,
    mend=mend,
)
