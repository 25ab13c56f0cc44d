"""MR404 benchmark-defeats-determinism."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Event, Finding, Program, Severity, Span
from modereview.rules import lookup
from modereview.rules.base import Rule, comment_at

_CUDNN = "torch.backends.cudnn."
_ALGORITHMS = ("torch.use_deterministic_algorithms", "torch.set_deterministic")


@dataclass(frozen=True)
class _Setting:
    """A switch set to a literal: where, to what, and under which branches of the function."""

    name: str  # "benchmark", "deterministic", "algorithms"
    value: bool
    function: str
    span: Span
    branches: tuple[tuple[Span, int], ...]  # each `if` around it, and which of its blocks


def check(program: Program) -> Iterator[Finding]:
    """`benchmark = True` beside determinism; deterministic algorithms without cuBLAS's workspace."""
    text = program.source.text
    if "determinis" not in text:
        return
    settings = [s for name, body in lookup.scopes(program) for s in _settings(program, name, body, ())]
    asked = [s for s in settings if s.value and s.name != "benchmark"]
    for bench in (s for s in settings if s.name == "benchmark" and s.value):
        along = next((s for s in asked if not _exclusive(s, bench)), None)
        if along is not None and not _taken_back(bench, settings):
            yield _finding(program, bench, along)
    strict = next((s for s in asked if s.name == "algorithms"), None)
    if strict is not None and "CUBLAS_WORKSPACE_CONFIG" not in text and "cuda" in text:
        yield _without_workspace(program, strict)


def _settings(
    program: Program, function: str, block: ir.Block, under: tuple[tuple[Span, int], ...]
) -> Iterator[_Setting]:
    for statement in block:
        found = _setting(program, statement)
        if found is not None:
            yield _Setting(found[0], found[1], function, statement.span, under)
        for number, inner in enumerate(walk.blocks(statement)):
            branch = ((statement.span, number),) if isinstance(statement, ir.If) else ()
            yield from _settings(program, function, inner, (*under, *branch))


def _setting(program: Program, statement: ir.Stmt) -> tuple[str, bool] | None:
    """Which switch a statement sets to which literal."""
    assert program.names is not None
    match statement:
        case ir.Assign((target, *_), ir.Const(bool() as value)):
            origin = program.names.origin(target) or ""
            name = origin.removeprefix(_CUDNN)
            return (
                (name, value)
                if origin.startswith(_CUDNN) and name in ("benchmark", "deterministic")
                else None
            )
        case ir.Do(ir.Call(func) as call) if (program.names.origin(func) or "") in _ALGORITHMS:
            mode = lookup.constant(lookup.argument(call, "mode", 0))
            warns = lookup.constant(lookup.argument(call, "warn_only")) is True
            return ("deterministic" if warns else "algorithms", mode) if isinstance(mode, bool) else None
        case _:
            return None


def _exclusive(a: _Setting, b: _Setting) -> bool:
    """Whether two settings lie in different branches of one `if`."""
    other = dict(b.branches)
    return a.function == b.function and any(other.get(span, block) != block for span, block in a.branches)


def _taken_back(bench: _Setting, settings: list[_Setting]) -> bool:
    """Whether the file may switch `benchmark` off again after this: then which comes last is not certain."""
    off = [s for s in settings if s.name == "benchmark" and not s.value and not _exclusive(s, bench)]
    return any(s.function != bench.function or s.span > bench.span for s in off)


def _finding(program: Program, bench: _Setting, asked: _Setting) -> Finding:
    meant = says_deliberate(comment_at(program, bench.span.line))
    return RULE.finding(
        program,
        bench.span,
        "`cudnn.benchmark = True` undoes the determinism asked for",
        severity=Severity.NOTE if meant else None,
        evidence=(Event(asked.span, "determinism asked for here"),),
        facts=(
            "cuDNN takes the quickest algorithm of the day: another one in another run, with other rounding",
            "write `torch.backends.cudnn.benchmark = False`: runs on one machine repeat, at some speed",
        ),
        function=bench.function,
        subject="benchmark",
    )


def _without_workspace(program: Program, strict: _Setting) -> Finding:
    return RULE.finding(
        program,
        strict.span,
        "deterministic algorithms need `CUBLAS_WORKSPACE_CONFIG` on CUDA",
        severity=Severity.NOTE,
        facts=(
            "matrix products raise without it; it may be set outside of this file",
            'write `os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"` before the first use of CUDA',
        ),
        function=strict.function,
        subject="CUBLAS_WORKSPACE_CONFIG",
    )


RULE = Rule(
    id="MR404",
    name="benchmark-defeats-determinism",
    severity=Severity.WARNING,
    summary="determinism is asked for, and `cudnn.benchmark = True` undoes it",
    why=(
        "With `cudnn.benchmark` on, cuDNN times several algorithms and keeps the quickest. Timing varies, "
        "so another run may take another algorithm: each is deterministic, the choice is not, and the "
        "results differ in their last digits, then in everything."
    ),
    source="https://docs.pytorch.org/docs/stable/notes/randomness.html#cuda-convolution-benchmarking",
    bad="""\
import torch

def prepare(seed):
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = True
""",
    good="""\
import torch

def prepare(seed):
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
""",
    not_flagged=(
        "the two in different branches of one `if`; `benchmark` switched off again later, or anywhere "
        "else (what comes last is then not certain); values that are no literals; `benchmark = True` "
        "where nobody asks for determinism. A missing `CUBLAS_WORKSPACE_CONFIG` is a note: torch raises "
        "by itself, and it may be set outside."
    ),
    fix="explained with the line to write: `torch.backends.cudnn.benchmark = False`.",
    check=check,
)
