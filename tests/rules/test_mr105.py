"""MR105: switches without their brackets, and settings that only look like one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview import parse
from modereview.records import Finding, Program
from modereview.rules import check, rule

Look = Callable[[str], tuple[Finding, ...]]

SCRIPT = """
def evaluate(model, loader):
    {switch}
    with torch.no_grad():
        return [model(x).argmax(1) for x, _ in loader]

def main(loader):
    evaluate(Net(), loader)
"""

WRITTEN = {
    "model.eval": "model.eval()",
    "model.train = False": "model.eval()",
    "model.eval = True": "model.eval()",
}


@pytest.mark.parametrize("switch", WRITTEN)
def test_one_error_speaks_for_the_evaluation_in_train(switch: str, findings: Look):
    loud = [(f.rule, f.severity.value, f.line_text) for f in findings(SCRIPT.format(switch=switch))]
    assert loud == [("MR105", "error", switch)]


@pytest.mark.parametrize("switch", WRITTEN)
def test_mended_by_the_call_that_was_meant(switch: str, program: Callable[[str], Program]):
    text = "import torch\nfrom torch import nn\n" + SCRIPT.format(switch=switch)
    before = program(text.replace("Net()", "nn.Sequential(nn.Linear(2, 2), nn.Dropout())"))
    (finding,) = [f for f in check(before) if f.rule == "MR105"]
    (fix,) = rule("MR105").mend(before, finding)
    after = parse.apply(before.source, fix.edits)
    assert after.lines[finding.span.line - 1].strip() == WRITTEN[switch]
    assert not check(program(after.text))


def test_a_train_that_leaves_eval(agrees: Callable[[str], bool]):
    assert agrees("""
        def main(loader, val_loader, optimizer):
            model = Net()
            for _ in range(3):
                model.train  # MR105 error
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()  # why
                    optimizer.step()
                model.eval()
                with torch.no_grad():
                    print([model(x).argmax(1) for x, _ in val_loader])
    """)


INNOCENT = {
    "a setting": "args.train = True\ncfg.model.eval = False",
    "a method handed on": "model = Net()\nswitches = [model.eval, model.train]\nswitch = model.eval",
    "the flag itself": "model = Net()\nmodel.training = False",
    "another framework": "import chainer\nmodel = chainer.links.VGG16Layers()\nmodel.train = False",
}


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_left_alone(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []
