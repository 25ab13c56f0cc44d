"""MR502 sync-batchnorm-too-late."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.records import Event, Finding, Fix, Forward, Program, Severity, Span
from modereview.rules import conditions, lookup
from modereview.rules.base import Rule, fix
from modereview.rules.meeting import body_of

_CONVERT = "convert_sync_batchnorm"
_WITHOUT_GROUP = (
    "SyncBatchNorm talks over a process group; DataParallel runs threads of one process: each device goes on "
    "with its own statistics, and nothing says so"
)
_LATE = (
    "torch 2 replaces the layers inside of the wrapper, and that works; older versions raised, and the "
    "documented order is to convert first"
)


def check(program: Program) -> Iterator[Finding]:
    """Conversions whose model goes under DataParallel, or was wrapped before."""
    if _CONVERT not in program.source.text:
        return
    seen = set()
    for forward in program.handed:
        verdict = _verdict(program, forward)
        if verdict is not None and forward.span not in seen and not _is_apart(program, forward):
            seen.add(forward.span)
            yield _finding(program, forward, *verdict)


def _verdict(program: Program, forward: Forward) -> tuple[str, str, Severity] | None:
    """The message, the fact and the certainty, if the order of this call and those before it is wrong."""
    grouped = "init_process_group" in program.source.text
    if forward.by == "DataParallel" and _CONVERT in forward.after:
        severity = Severity.WARNING if grouped or not forward.exact else Severity.ERROR
        return "SyncBatchNorm does not synchronize under DataParallel", _WITHOUT_GROUP, severity
    if forward.by == _CONVERT and "DataParallel" in forward.after:
        severity = Severity.WARNING if grouped or not forward.exact else Severity.ERROR
        return "SyncBatchNorm does not synchronize under DataParallel", _WITHOUT_GROUP, severity
    if (
        forward.by == _CONVERT
        and "DistributedDataParallel" in forward.after
        and _CONVERT not in forward.after
    ):
        return f"`{forward.model}` is converted after it was wrapped", _LATE, Severity.NOTE
    return None


def _is_apart(program: Program, forward: Forward) -> bool:
    """Whether no run comes to both, as their conditions say: `rank == -1` and `rank != -1`."""
    partner = _CONVERT if forward.by == "DataParallel" else "DataParallel"
    others = {f.span for f in program.handed if f.by == partner and f.function == forward.function}
    ways = {call.span: held for call, held in conditions.calls(body_of(program, forward.function))}
    own = ways.get(forward.span)
    return bool(others) and all(
        own is not None and other in ways and conditions.exclude(program, own, ways[other])
        for other in others
    )


def _finding(program: Program, forward: Forward, message: str, fact: str, severity: Severity) -> Finding:
    before = [f for f in program.handed if f.by in forward.after and f.span < forward.span]
    words = {
        _CONVERT: "converted here",
        "DataParallel": "wrapped here",
        "DistributedDataParallel": "wrapped here",
    }
    return RULE.finding(
        program,
        forward.span,
        message,
        severity=severity,
        evidence=tuple(dict.fromkeys(Event(f.span, words[f.by]) for f in before)),
        facts=(fact,),
        function=forward.function,
        subject=forward.model,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """The conversion before the wrap, where both assign one name; nothing mends DataParallel."""
    late = [f for f in program.handed if f.span == finding.span and "DistributedDataParallel" in f.after]
    wraps = [f for f in program.handed if f.by == "DistributedDataParallel" and f.span < finding.span]
    if not late or not wraps or "DataParallel" in late[0].after:
        return
    for _, body in lookup.scopes(program):
        for block in walk.all_blocks(body):
            convert = _assigning(block, finding.span, late[0].model)
            wrap = _assigning(block, wraps[-1].span, late[0].model)
            if convert is not None and wrap is not None and not _needs_between(block, wrap, convert):
                text = _of_what_is_wrapped(program, convert, wrap)
                if text is None:
                    return
                moved = edits.insert_before(program.source, wrap.span, text)
                gone = edits.remove_statement(program.source, convert.span)
                why = "the documented order; statistics are of the whole batch from the start"
                yield fix(program.source, finding, "convert before the wrap", moved, gone, consequence=why)
                return


def _of_what_is_wrapped(program: Program, convert: ir.Assign, wrap: ir.Assign) -> str | None:
    """The conversion as it reads before the wrap, where what is wrapped may have another name."""
    model = walk.dotted(convert.targets[0])
    inner = walk.dotted(wrap.value.args[0]) if isinstance(wrap.value, ir.Call) and wrap.value.args else None
    text = lookup.with_comment(program, convert.span)
    if inner == model:
        return text
    given = convert.value.args if isinstance(convert.value, ir.Call) else ()
    if inner is None or [walk.dotted(a) for a in given] != [model]:
        return None
    return re.sub(rf"(?<![\w.]){re.escape(str(model))}(?!\w)", inner, text)


def _needs_between(block: ir.Block, wrap: ir.Assign, convert: ir.Assign) -> bool:
    """Whether the conversion reads what only a statement between the two makes: a process group."""
    between = block[block.index(wrap) + 1 : block.index(convert)]
    made = {walk.dotted(t) for s in walk.statements(between) for t, _ in lookup.bindings(s)}
    return any(isinstance(e, ir.Name) and e.id in made for e in walk.subexpressions(convert.value))


def _assigning(block: ir.Block, call: Span, name: str) -> ir.Assign | None:
    """The statement of a block that gives `name` what a call returns."""
    found = (s for s in block if isinstance(s, ir.Assign) and walk.within(call, s.span))
    return next((s for s in found if [walk.dotted(t) for t in s.targets] == [name]), None)


RULE = Rule(
    id="MR502",
    name="sync-batchnorm-too-late",
    severity=Severity.ERROR,
    summary="`convert_sync_batchnorm` with `DataParallel`, where it cannot work, or after the wrap",
    why=(
        "SyncBatchNorm shares statistics between the processes of a group. DataParallel has one process "
        "and no group, so the layers fall back to plain batch norm without a word: the training runs as "
        "if nothing had been converted, while the author counts on statistics of the whole batch."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html",
    bad="""\
from torch import nn

def build():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return nn.DataParallel(model)
""",
    good="""\
from torch import nn
from torch.nn.parallel import DistributedDataParallel

def build(rank):
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)).to(rank)
    model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return DistributedDataParallel(model, device_ids=[rank])
""",
    not_flagged=(
        "the two on different branches, or under conditions that contradict each other; a converted model "
        "under DistributedDataParallel; a result that is not assigned: the layers inside of a model are "
        "replaced in place (only a lone norm layer would be lost). Converting after DistributedDataParallel "
        "works with torch 2 and is a note."
    ),
    fix=(
        "the conversion before DistributedDataParallel. None with DataParallel: either the conversion goes, "
        "or it becomes DistributedDataParallel with a launcher."
    ),
    check=check,
    mend=mend,
    mends_notes=True,
)
