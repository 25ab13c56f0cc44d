"""A `train()` that a mend puts in switches frozen parts on, too: then it is not safe."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Tools, suggest
from modereview.records import Fix
from modereview.rules import check

SCRIPT = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 2))

    def forward(self, x):
        return self.head(self.backbone(x))


def hold_norms(module):
    if isinstance(module, nn.BatchNorm1d):
        module.eval()


def hold(module):
    if isinstance(module, nn.BatchNorm1d) and module.affine:
        module.train(False)


def main(loader, val_loader):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    BEFORE
    for epoch in range(3):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            print(sum((model(x).argmax(1) == y).sum().item() for x, y in val_loader))
        AFTER
"""
FROZEN = {
    "by a lambda": "model.apply(lambda m: m.eval() if isinstance(m, nn.BatchNorm1d) else m)",
    "by a helper that is not in view": "model.apply(freeze_bn)",
    "by what its name says": "model.keep_bn_fixed()",
    "part by part": "for child in model.backbone.children(): child.eval()",
}
FREE = {
    "nothing": "pass",
    "another model": "Net().eval()",
    "a part that is switched on again": "model.backbone.eval(); model.backbone.train()",
    "thawed by name": "model.unfreeze_norms()",
}


def look(source):
    program = analyze(source)
    return program, check(program)


def offered(before: str, after: str = "pass") -> list[tuple[Fix, str]]:
    """The fix of the evaluation in TRAIN, and the file with it; nothing where none is offered."""
    text = SCRIPT.replace("BEFORE", before).replace("AFTER", after)
    source = parse.decode(Path("/project/train.py"), Path("/project"), text.encode())
    program, findings = look(source)
    verdicts = suggest(program, findings, Tools(look, run=lambda _: (), unsafe=True))
    (fix,) = [v.fix for v in verdicts if v.finding.rule == "MR103"]
    return [(fix, parse.apply(source, fix.edits).text)] if fix else []


@pytest.mark.parametrize("before", FROZEN.values(), ids=FROZEN)
def test_it_is_not_safe_where_parts_are_frozen(before):
    ((fix, text),) = offered(before)
    assert text.count("model.train()") == 1
    assert not fix.safe
    assert fix.consequence.endswith("are switched on as well: freeze them again behind it")


@pytest.mark.parametrize("before", FREE.values(), ids=FREE)
def test_it_is_safe_where_none_is(before):
    ((fix, text),) = offered(before)
    assert text.count("model.train()") == 1
    assert fix.safe


@pytest.mark.parametrize("freeze", ["model.backbone.eval()", "model.apply(hold)"])
def test_it_is_safe_where_what_is_frozen_is_frozen_again_behind_it(freeze):
    ((fix, text),) = offered(freeze)
    assert f"        model.train()\n        {freeze}\n        for x, y in loader:" in text
    assert fix.safe


def test_no_train_is_no_thaw():
    ((fix, text),) = offered("model.apply(hold_norms)", "model.train(); model.apply(hold_norms)")
    assert text.count("model.train()") == 1
    assert fix.safe


@pytest.mark.parametrize("freeze", ["model.backbone.eval()", "model.apply(hold_norms)"])
def test_what_was_frozen_on_a_condition_is_not_frozen_again_without_it(freeze):
    assert offered(f"if len(loader) < 9: {freeze}") == []  # a `train()` alone would thaw it
