"""MR111: ways out of an evaluation that skip the `train()` at its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview import parse
from modereview.records import Program
from modereview.rules import check, rule

MAIN = """
        def main(loader, val_loader, optimizer):
            model = Net()
            for epoch in range(3):
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward(){why}
                    optimizer.step()
                {call}
"""
CAUGHT = (
    "try:\n                    validate(model, val_loader)\n"
    "                except {}:\n                    {}"
)
EARLY = """
        def validate(model, loader):
            {first}
            for x, y in loader:
                if x is None:
                    {out}
                with torch.no_grad():
                    print(model(x).argmax(1))
            {last}
"""


def script(early: dict[str, str], call: str = "validate(model, val_loader)", why: str = "") -> str:
    whole = {"first": "model.eval()", "out": "return", "last": "model.train()"} | early
    return EARLY.format(**whole) + MAIN.format(call=call, why=why)


def test_a_return_out_of_the_loop(agrees: Callable[[str], bool]):
    early = {"first": "model.eval()  # why", "out": "return  # MR111 error"}
    assert agrees(script(early, why="  # why"))


def test_an_exception_that_the_training_survives(faults: Callable[[str], list[str]]):
    going_on = script({"out": "continue"}, CAUGHT.format("RuntimeError", "print('skipped')"))
    assert faults(going_on) == ["MR111 warning model.eval()"]


INNOCENT = {
    "given back before the return": script({"out": "model.train(); return"}),
    "a return before the switch": script(
        {"first": "if not loader: return\n            model.eval()", "out": "continue"}
    ),
    "an exception that ends the training": script(
        {"out": "continue"}, CAUGHT.format("KeyboardInterrupt", "break")
    ),
    "finally": """
        def validate(model, loader):
            model.eval()
            try:
                for x, y in loader:
                    if x is None:
                        return
                    with torch.no_grad():
                        print(model(x).argmax(1))
            finally:
                model.train()
"""
    + MAIN.format(call=CAUGHT.format("RuntimeError", "continue"), why=""),
}


@pytest.mark.parametrize("text", INNOCENT.values(), ids=INNOCENT)
def test_left_alone(text: str, faults: Callable[[str], list[str]]):
    assert faults(text) == []


def test_a_return_that_runs_the_model_has_no_fix(program: Callable[[str], Program]):
    bad = rule("MR111").bad.replace("return None", "return model(torch.zeros(1, 4))")
    looked = program(bad)
    (finding,) = [f for f in check(looked) if f.rule == "MR111"]
    assert list(rule("MR111").mend(looked, finding)) == []


def test_the_mode_is_given_back_before_the_return(program: Callable[[str], Program]):
    looked = program(rule("MR111").bad)
    (finding,) = [f for f in check(looked) if f.rule == "MR111"]
    (fix,) = rule("MR111").mend(looked, finding)
    lines = parse.apply(looked.source, fix.edits).lines
    assert [line.strip() for line in lines[5:8]] == ["if loader is None:", "model.train()", "return None"]
