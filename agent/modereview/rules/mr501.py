"""MR501 sync-batchnorm-missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview.records import Finding, Forward, Program, Severity
from modereview.rules.base import Rule, comment_at

_SYNCED = re.compile(r"sync_?b(n|atch_?norm)", re.IGNORECASE)
_ON_PURPOSE = re.compile(r"batch ?norm|\bbn\b|statistic", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """Models with a known batch norm under DistributedDataParallel, in a file without SyncBatchNorm."""
    if "DistributedDataParallel" not in program.source.text or _SYNCED.search(program.source.text):
        return
    wraps = {f.span: f for f in program.handed if f.by == "DistributedDataParallel" and _normed(f)}
    for forward in wraps.values():
        if not _ON_PURPOSE.search(comment_at(program, forward.span.line)):
            yield _finding(program, forward)


def _normed(forward: Forward) -> bool:
    return any(kind.startswith("BatchNorm") for kind in forward.sensitive)


def _finding(program: Program, forward: Forward) -> Finding:
    converted = f"torch.nn.SyncBatchNorm.convert_sync_batchnorm({forward.model})"
    named = all(map(str.isidentifier, forward.model.split(".")))
    kinds = " and ".join(kind for kind in forward.sensitive if kind.startswith("BatchNorm"))
    return RULE.finding(
        program,
        forward.span,
        f"`{forward.model}` keeps the statistics of each device apart",
        facts=(
            f"it holds {kinds}: each process normalizes by its own part of the batch",
            f"write, before the wrap: `{forward.model} = {converted}`"
            if named
            else f"wrap `{converted}` in its place",
        ),
        function=forward.function,
        subject=forward.model,
    )


RULE = Rule(
    id="MR501",
    name="sync-batchnorm-missing",
    severity=Severity.NOTE,
    summary="batch norms under DistributedDataParallel that are not synchronized",
    why=(
        "Under DistributedDataParallel each process normalizes by the samples it sees, and what is saved "
        "are the running statistics of the first. With few samples a device, results depend on the number "
        "of devices. With many it does no harm and saves time."
    ),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html",
    bad="""\
from torch import nn
from torch.nn.parallel import DistributedDataParallel

def build(rank):
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)).to(rank)
    return DistributedDataParallel(model, device_ids=[rank])
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
        "a model without a known batch norm; a file that mentions SyncBatchNorm or an option for it "
        "anywhere; a comment on batch norms at the wrap."
    ),
    fix="explained with the line to write: the author weighs its cost, and it cannot be shown on a CPU.",
    check=check,
    safe=False,
)
