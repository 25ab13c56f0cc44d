"""MR503 batch-of-one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modereview import edits
from modereview.analyze import ir, walk
from modereview.analyze.torchfacts import says_deliberate
from modereview.records import Event, Finding, Fix, Forward, Mode, Program, Severity
from modereview.rules import lookup, modes
from modereview.rules.base import Rule, comment_at, fix

# Positions in torch.utils.data.DataLoader(dataset, batch_size, shuffle, ..., drop_last).
_SIZE, _SHUFFLE, _BATCH_SAMPLER, _DROP_LAST = 1, 2, 4, 8
_SIZED = frozenset(f"torch.{name}" for name in "zeros ones rand randn randint empty".split())
# Image translation trains with one image a batch on purpose: its norm is to be that of the image.
_ONE_IMAGE = re.compile(r"pix2pix|cycle_?gan|instance_?norm|style", re.IGNORECASE)


def check(program: Program) -> Iterator[Finding]:
    """Loaders whose batches, or whose last batch, bring one sample to a batch norm that is trained."""
    text = program.source.text
    if "BatchNorm" not in text or "DataLoader" not in text or re.search(r"sync_?b(n|atch)", text, re.I):
        return
    trained = (f for f in program.forwards if f.role == "train" and not modes.is_unit_test(program, f))
    forward = next((f for f in trained if _meets_norm(f)), None)
    if forward is None:
        return
    for function, name, call in _training_loaders(program):
        size = _number(program, function, lookup.argument(call, "batch_size", _SIZE), default=1)
        length = _length(program, function, call.args[0], 3) if call.args else None
        drops = lookup.argument(call, "drop_last", _DROP_LAST)
        keeps = drops is None or lookup.constant(drops) is False
        if size == 1:
            yield _finding(program, function, name, call, forward, None)
        elif size and length and length % size == 1 and keeps:  # of a single sample nothing can be left out
            yield _finding(program, function, name, call, forward, length if length > 1 else None)


def _meets_norm(forward: Forward) -> bool:
    return forward.mode is not Mode.EVAL and any("BatchNorm" in kind for kind in forward.sensitive)


def _training_loaders(program: Program) -> Iterator[tuple[str, str, ir.Call]]:
    """(function, name, call) of loaders named for training, or that shuffle and are not named otherwise."""
    assert program.names is not None
    for function, body in lookup.scopes(program):
        for statement in walk.statements(body):
            for target, value in lookup.bindings(statement):
                name = walk.dotted(target) or ""
                loader = isinstance(value, ir.Call) and (program.names.origin(value.func) or "").endswith(
                    "DataLoader"
                )
                if isinstance(value, ir.Call) and loader and _for_training(name, value):
                    yield function, name, value


def _for_training(name: str, call: ir.Call) -> bool:
    if lookup.spreads(call) or lookup.argument(call, "batch_sampler", _BATCH_SAMPLER) is not None:
        return False
    shuffles = lookup.constant(lookup.argument(call, "shuffle", _SHUFFLE)) is True
    return not lookup.names_evaluation_data(name) and ("train" in name.lower() or shuffles)


def _number(program: Program, function: str, expr: ir.Expr | None, default: int | None = None) -> int | None:
    """An integer that is written in the file: a literal, or a name that is given one."""
    if expr is None:
        return default
    value = expr if isinstance(expr, ir.Const) else lookup.assigned(program, function, expr)
    number = lookup.constant(value)
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _length(program: Program, function: str, expr: ir.Expr, depth: int) -> int | None:
    """The number of samples in a data set, where the file writes it down."""
    assert program.names is not None
    if isinstance(expr, ir.Call):
        origin = program.names.origin(expr.func) or ""
        if origin.endswith(".TensorDataset") and depth:
            known = (_length(program, function, a, depth - 1) for a in expr.args)
            return next((n for n in known if n is not None), None)
        if origin in _SIZED:
            shape = (
                expr.args[2]
                if origin == "torch.randint" and len(expr.args) > 2
                else next(iter(expr.args), None)
            )
            return _number(
                program, function, shape.items[0] if isinstance(shape, ir.Items) and shape.items else shape
            )
        return None
    value = lookup.assigned(program, function, expr) if depth else None
    if not isinstance(value, ir.Call):
        return None
    if (program.names.origin(value.func) or "").endswith(".random_split"):
        return _part(program, function, value, expr)
    return _length(program, function, value, depth - 1)


def _part(program: Program, function: str, split: ir.Call, name: ir.Expr) -> int | None:
    """The length of one part of `a, b = random_split(data, [1000, 200])`."""
    sizes = lookup.argument(split, "lengths", 1)
    for _, body in lookup.scopes(program):
        for statement in walk.statements(body):
            if isinstance(statement, ir.Assign) and statement.value is split and isinstance(sizes, ir.Items):
                target = statement.targets[0]
                parts = [walk.dotted(t) for t in target.items] if isinstance(target, ir.Items) else []
                if walk.dotted(name) in parts and len(parts) == len(sizes.items):
                    return _number(program, function, sizes.items[parts.index(walk.dotted(name))])
    return None


def _finding(
    program: Program, function: str, name: str, call: ir.Call, forward: Forward, length: int | None
) -> Finding:
    flat = "BatchNorm1d" in forward.sensitive
    comment = comment_at(program, call.span.line)
    meant = says_deliberate(comment) or _ONE_IMAGE.search(f"{program.source.name} {comment}")
    mild = meant or (length is not None and not flat)
    last = f"the last batch of `{name}` has one sample" if length else f"`{name}` gives batches of one sample"
    raises = "`BatchNorm1d` raises on one row of features"
    moves = "a batch norm in TRAIN then takes the statistics of one sample for those of the data"
    return RULE.finding(
        program,
        call.span,
        f"{last}, and `{forward.model}` is trained with batch norm",
        severity=Severity.NOTE if mild else None,
        evidence=(Event(forward.span, "trained here in TRAIN", "forward"),),
        facts=((raises if flat else moves) + (f" ({length} samples in all)" if length else ""),),
        function=function,
        subject=name,
    )


def mend(program: Program, finding: Finding) -> Iterator[Fix]:
    """`drop_last=True` where only the last batch is short; a batch size is for the author to choose."""
    if finding.message.startswith("the last batch"):
        edit = edits.set_argument(program.source, finding.span, "drop_last", "True", position=_DROP_LAST)
        why = "one sample is left out of each epoch, another one each time if the loader shuffles"
        yield fix(
            program.source,
            finding,
            f"drop the last batch of `{finding.subject}`",
            edit,
            consequence=why,
            safe=False,
        )


RULE = Rule(
    id="MR503",
    name="batch-of-one",
    severity=Severity.WARNING,
    summary="a batch norm in TRAIN meets a batch of one sample",
    why=(
        "With one row of features a batch norm has nothing to normalize by and raises, often in the last "
        "batch of the first epoch. With one image it takes the statistics of that image; what it learned "
        "so does not fit the running statistics of EVAL, and validation looks broken."
    ),
    source="https://github.com/pytorch/pytorch/issues/7716",
    bad="""\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

def main():
    data = TensorDataset(torch.randn(65, 4), torch.randint(0, 2, (65,)))
    train_loader = DataLoader(data, batch_size=8, shuffle=True)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
""",
    good="""\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

def main():
    data = TensorDataset(torch.randn(65, 4), torch.randint(0, 2, (65,)))
    train_loader = DataLoader(data, batch_size=8, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
""",
    not_flagged=(
        "a last batch whose size is not written in the file; loaders for evaluation; a `batch_sampler`; "
        "models in EVAL or without a known batch norm; SyncBatchNorm. One image a batch in image "
        "translation is a note, and so is a last batch of one image."
    ),
    fix=(
        "`drop_last=True` for a last batch of one; unsafe, as samples are left out. A batch size of one is "
        "the author's choice: no fix."
    ),
    check=check,
    mend=mend,
    safe=False,
)
