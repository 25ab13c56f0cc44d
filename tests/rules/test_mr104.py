"""MR104: evaluations that build the graph, and those where it is needed or already off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview import parse
from modereview.records import Finding, Severity
from modereview.rules import check, rule

Look = Callable[[str], tuple[Finding, ...]]

INNOCENT = {
    "a caller switches the graph off": """
        def evaluate(model, loader):
            model.eval()
            return [model(x).argmax(1) for x, _ in loader]

        def main(loader):
            with torch.inference_mode():
                evaluate(Net(), loader)
    """,
    "a saliency map": """
        def evaluate(model, x):
            model.eval()
            x.requires_grad_(True)
            model(x).max().backward()
            return x.grad

        def main(x):
            evaluate(Net(), x)
    """,
    "in train mode, where MR101 speaks": """
        def evaluate(model, loader):
            return [model(x).argmax(1) for x, _ in loader]

        def main(loader):
            evaluate(Net(), loader)
    """,
}


def test_one_note_for_a_function_with_several_forwards(findings: Look):
    found = findings("""
        def test(model, loader):
            model.eval()
            for x, y in loader:
                first = model(x).argmax(1)
                second = model(x.flip(1)).argmax(1)
                print((first == second).float().mean())

        def main(loader):
            test(Net(), loader)
    """)
    assert [(f.rule, f.severity) for f in found] == [("MR104", Severity.NOTE)]


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_left_alone(script: str, findings: Look):
    assert not [f for f in findings(script) if f.rule == "MR104"]


@pytest.mark.parametrize("step", ["opt.step()", "pass  # the caller steps"])
def test_a_function_that_trains_as_well_gets_a_block_and_no_decorator(step: str, program):
    known = program(f"""\
import torch
from torch import nn
import torch.nn.functional as F

def fit(model, opt, loader, valid_loader):
    correct = 0
    model.train()
    for x, y in loader:
        F.cross_entropy(model(x), y).backward()
        {step}
    model.eval()
    for x, y in valid_loader:
        correct += (model(x).argmax(1) == y).sum().item()
    return correct

def main(opt, loader, valid_loader):
    print(fit(nn.Sequential(nn.Linear(4, 2), nn.Dropout()), opt, loader, valid_loader))
""")
    (finding,) = [f for f in check(known) if f.rule == "MR104"]
    (fixed,) = [parse.apply(known.source, fix.edits).text for fix in rule("MR104").mend(known, finding)]
    assert "@torch.no_grad()" not in fixed
    assert "    with torch.no_grad():\n        for x, y in valid_loader:\n            correct" in fixed


IN_A_BRANCH = """\
import torch
from torch import nn

def evaluate(model, loader, first):
    model.eval()
    if first is not None:
        print("warming up")
        print(model(first).argmax(1))
    for x, y in loader:
        with torch.no_grad():
            print((model(x).argmax(1) == y).sum())

def main(loader, first):
    evaluate(nn.Sequential(nn.Linear(4, 2), nn.Dropout()), loader, first)
"""
AROUND_THE_FORWARD = """\
        with torch.no_grad():
            print(model(first).argmax(1))
"""


def test_a_branch_takes_the_block_inside(program, mended):
    (texts,) = mended("MR104", program(IN_A_BRANCH))
    assert [AROUND_THE_FORWARD in text for text in texts] == [True]


@pytest.mark.parametrize("asked", ["torch.autograd.grad(first.sum(), first)", "first.requires_grad_()"])
def test_what_asks_for_gradients_stays_out_of_the_block(asked: str, program, mended):
    script = IN_A_BRANCH.replace("print(model(first).argmax(1))", f"print(model(first).argmax(1), {asked})")
    assert mended("MR104", program(script)) == [[]]
    aside = IN_A_BRANCH.replace('print("warming up")', asked)
    assert [AROUND_THE_FORWARD in text for (text,) in mended("MR104", program(aside))] == [True]


def test_unit_tests_are_left_alone(program):
    script = IN_A_BRANCH.replace("evaluate", "test_evaluate").replace(
        "import torch\n", "import pytest, torch\n", 1
    )
    assert not list(rule("MR104").check(program(script)))
