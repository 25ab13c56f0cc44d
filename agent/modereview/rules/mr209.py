"""MR209 batch-statistics-in-eval."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.analyze import ir
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Finding, Program, Severity
from modereview.rules import inside, lookup, modes
from modereview.rules.base import Rule, comment_at

_NORM = re.compile(r"torch\.nn\.(Lazy|Sync)?BatchNorm(\dd)?")
_POSITION = 4  # of `track_running_stats` in BatchNorm1d(num_features, eps, momentum, affine, track, ...)
# Batch statistics in evaluation are the method there: few-shot learning, adaptation at test time.
_TRANSDUCTIVE = re.compile(r"meta|maml|few_?shot|transduct|adapt|tent\b|tta", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """Batch norms built with a literal `track_running_stats=False`, through `partial` as well."""
    if "BatchNorm" not in program.source.code:
        return
    for function, call, origin in lookup.calls(program):
        if _is_norm(program, call, origin) and lookup.constant(_tracks(call, origin)) is False:
            name = origin.rpartition(".")[2]
            kind = "BatchNorm" if name == "partial" else name
            yield RULE.finding(
                program,
                call.span,
                f"`{kind}` without running statistics: in eval mode a sample's output depends on its batch",
                severity=Severity.NOTE if _meant(program, function, call) else None,
                facts=(
                    "with `track_running_stats=False` it normalizes with the batch at hand in EVAL as well",
                    f"write {_written(program, call, origin)}, and train again: older checkpoints lack the "
                    "statistics",
                ),
                function=function,
                subject=inside.text_of(program, call.func),
            )


def _is_norm(program: Program, call: ir.Call, origin: str) -> bool:
    if origin == "functools.partial" and call.args and program.names is not None:
        origin = program.names.origin(call.args[0]) or ""
    return bool(_NORM.fullmatch(origin))


def _tracks(call: ir.Call, origin: str) -> ir.Expr | None:
    return lookup.argument(
        call, "track_running_stats", _POSITION + (origin == "functools.partial") - ("Lazy" in origin)
    )


def _written(program: Program, call: ir.Call, origin: str) -> str:
    """The call as it should be."""
    tracks = _tracks(call, origin)
    assert tracks is not None
    text, start = inside.text_of(program, call), program.source.offset(call.span.line, call.span.column)
    at = program.source.offset(tracks.span.line, tracks.span.column) - start
    return f"`{text[:at]}True{text[at + len(inside.text_of(program, tracks)) :]}`"


def _meant(program: Program, function: str, call: ir.Call) -> bool:
    said = f"{function} {comment_at(program, call.span.line)}"
    return says_deliberate(said) or bool(_TRANSDUCTIVE.search(said)) or modes.is_of_tests(program)


RULE = Rule(
    id="MR209",
    name="batch-statistics-in-eval",
    severity=Severity.WARNING,
    summary="a batch norm with `track_running_stats=False`: a sample's output depends on its batch",
    why=(
        "Without running statistics a batch norm has nothing but the batch at hand, in EVAL as well. The "
        "same sample is then judged differently beside other samples, results change with the batch size, "
        "and a batch of one may even fail."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html",
    bad="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4, track_running_stats=False)

    def forward(self, x):
        return self.norm(self.fc(x))
""",
    good="""\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x):
        return self.norm(self.fc(x))
""",
    not_flagged=(
        "instance norms, whose statistics are those of one sample; a flag that is no literal; few-shot "
        "learning and adaptation at test time, where a name or comment says so, and a file of tests (notes)."
    ),
    fix="explained with the line to write, `track_running_stats=True`: it wants a new training.",
    check=check,
    safe=False,
)
