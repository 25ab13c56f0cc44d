"""MR210 forward-rewrites-rate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Event, Finding, Fix, Program, Severity
from modereview.rules import inside, lookup
from modereview.rules.base import Rule, comment_at, fix

_RATE = re.compile(r"(^|[._])((drop\w*|\w+_drop(out)?|dropout_?\w*)(_?(p|prob|rate))?|p|keep_prob)$", re.I)
_NO_RATE = re.compile(r"mask|cnt|count|num|idx|index|step|iter|cache|last", re.I)  # `self.drop_mask_cnt`


def check(program: Program) -> Iterator[Finding]:
    """Assignments in what a forward runs that overwrite a dropout rate or the flag, and stay."""
    for each in inside.running(program):
        written = list(_written(each.function.body))
        for target, value, tests in written:
            text = walk.dotted(target) or ""
            others = [(t, v, c) for t, v, c in written if walk.dotted(t) == text and t is not target]
            if not text.startswith("self.") or _written_at_each_pass(others, tests) or _restored(others):
                continue
            flag = text.endswith(".training") and not _is_off_by_default(program, each, value)
            rate = _RATE.search(text) and not _NO_RATE.search(text) and not _only_in_train(target, tests)
            if flag or (rate and _switched_off(value, tests)):
                yield _finding(program, each, target, text, tests)


Written = tuple[ir.Expr, ir.Expr, tuple[ir.If, ...]]  # target, value, the conditions it stands under


def _written(body: ir.Block, under: tuple[ir.If, ...] = ()) -> Iterator[Written]:
    for statement in body:
        for target, value in lookup.bindings(statement):
            yield target, value, under
        inner = (*under, statement) if isinstance(statement, ir.If) else under
        for block in walk.blocks(statement):
            yield from _written(block, inner)


def _only_in_train(target: ir.Expr, tests: tuple[ir.If, ...]) -> bool:
    """Whether it stands under `if self.training:`: no pass in EVAL writes it."""
    return any(
        walk.dotted(t.test) == "self.training" and any(walk.within(target.span, s.span) for s in t.body)
        for t in tests
    )


def _switched_off(value: ir.Expr, tests: tuple[ir.If, ...]) -> bool:
    """A literal, written on some condition only: written always, it is no rewrite but the rate itself."""
    return isinstance(lookup.constant(value), int | float) and bool(tests)


def _is_off_by_default(program: Program, each: inside.Running, value: ir.Expr) -> bool:
    """Whether it only comes on with a switch that its class has off: `self.training |= self.export`."""
    assert program.names is not None
    own = [s for cls in inside.lineage(program, each.module.name) for s in cls.body]
    default = next((v for s in own for t, v in lookup.bindings(s) if walk.dotted(t) == _own(value)), None)
    return default is not None and lookup.constant(default) is False


def _own(value: ir.Expr) -> str:
    """The attribute that is written, or joined with what was there, without its `self`."""
    joined = value.children[-1] if isinstance(value, ir.Other) and value.children else value
    return (walk.dotted(joined) or "").removeprefix("self.")


def _written_at_each_pass(others: list[Written], tests: tuple[ir.If, ...]) -> bool:
    """Whether it is also written where the condition fails: in the other branch, or on no condition."""
    return any(not under or (tests and tests[-1] in under) for _, _, under in others)


def _restored(others: list[Written]) -> bool:
    """`was = self.p; self.p = 0; ...; self.p = was`."""
    return any(isinstance(value, ir.Name) for _, value, _ in others)


def _finding(
    program: Program, each: inside.Running, target: ir.Expr, text: str, tests: tuple[ir.If, ...]
) -> Finding:
    by_mode = text.endswith(".training") or any(inside.asks_mode(t.test) for t in tests)
    meant = says_deliberate(comment_at(program, target.span.line))
    guards = tuple(Event(t.test.span, "only under this condition") for t in tests)
    written = Event(target.span, f"`{text}` is overwritten here, and nothing puts it back")
    what = "mode flag" if text.endswith(".training") else "dropout rate"
    return RULE.finding(
        program,
        target.span,
        f"`{each.function.short}` overwrites the {what} `{text}`: one pass changes all that follow",
        severity=Severity.NOTE if meant else None if by_mode else Severity.WARNING,
        evidence=(*guards, written),
        facts=(f"a forward in EVAL leaves `{text}` changed when training goes on",) if by_mode else (),
        function=each.function.name,
        subject=text,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`if not self.training: self.p = 0.0` -> `p = self.p if self.training else 0.0`, and `p` is read."""
    assert program.names is not None
    function = program.names.functions[finding.function]
    branch = next((s for s in function.body if _only_sets(s, finding)), None)
    if not isinstance(branch, ir.If) or not isinstance(branch.body[0], ir.Assign):
        return
    if "#" in program.source.slice(branch.span):  # a comment would be lost
        return
    name, value = finding.subject.removeprefix("self."), program.source.slice(branch.body[0].value.span)
    reads = [
        e
        for e in walk.all_expressions(function.body)
        if walk.dotted(e) == finding.subject and e.span > branch.span
    ]
    used = any(isinstance(e, ir.Name) and e.id == name for e in walk.all_expressions(function.body))
    reads = [e for e in reads if not walk.within(e.span, branch.span)]
    if used or any(p.name == name for p in function.params) or not reads:
        return
    rate = f"{name} = {finding.subject} if self.training else {value}"
    changes = [edits.replace(program.source, branch.span, rate)]
    changes += [edits.replace(program.source, e.span, name) for e in reads]
    why = "training goes on dropping after an evaluation: expect other loss curves"
    yield fix(program.source, finding, f"compute `{name}` and store nothing", *changes, consequence=why)


def _only_sets(statement: ir.Stmt, finding: Finding) -> bool:
    """`if not self.training:` with the assignment alone in it."""
    match statement:
        case ir.If(ir.Not(test), (ir.Assign((target,), ir.Const()),), ()):
            return walk.dotted(test) == "self.training" and target.span == finding.span
        case _:
            return False


RULE = Rule(
    id="MR210",
    name="forward-rewrites-rate",
    severity=Severity.ERROR,
    summary="`forward` assigns the dropout rate or the flag: the first EVAL pass changes TRAIN for good",
    why=(
        "What `forward` writes on `self` stays. A rate set to 0 for evaluation is still 0 when training "
        "goes on: after the first validation nothing is dropped ever again, and no message says so."
    ),
    source="https://github.com/NVIDIA/Megatron-LM/issues/411",
    bad="""\
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.dropout_p = 0.1

    def forward(self, x):
        if not self.training:
            self.dropout_p = 0.0
        return F.dropout(self.fc(x), self.dropout_p, training=self.training)
""",
    good="""\
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.dropout_p = 0.1

    def forward(self, x):
        dropout_p = self.dropout_p if self.training else 0.0
        return F.dropout(self.fc(x), dropout_p, training=self.training)
""",
    not_flagged=(
        "a rate written anew at each pass (in both branches, or on no condition: a schedule); a value that "
        "is put back in the same function; what only a pass in TRAIN writes; local names; `train()` and "
        "other methods that no forward calls."
    ),
    fix=(
        "a local name, `p = self.p if self.training else 0.0`, where the attribute was read; none where the "
        "condition is another or more hangs on it."
    ),
    check=check,
    mend=mend,
)
