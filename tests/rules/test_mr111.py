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


def mended(program: Callable[[str], Program], script: str) -> list[str]:
    """The script after each fix that the rule offers, best first."""
    looked = program(script)
    (finding,) = [f for f in check(looked) if f.rule == "MR111"]
    return [parse.apply(looked.source, f.edits).text for f in rule("MR111").mend(looked, finding)]


def test_the_mode_is_given_back_on_every_way_out(program: Callable[[str], Program]):
    tried, returned = mended(program, rule("MR111").bad)
    body = tried[tried.index("    model.eval()") : tried.index("    return hits")]
    assert [line.strip() for line in body.splitlines()] == [
        "model.eval()",
        "try:",
        "if loader is None:",
        "return None",
        "with torch.no_grad():",
        "hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)",
        "finally:",
        "model.train()",
    ]
    assert "        model.train()\n        return None\n" in returned


def test_a_return_that_runs_the_model_is_only_put_under_try(program: Callable[[str], Program]):
    (tried,) = mended(program, rule("MR111").bad.replace("return None", "return model(torch.zeros(1, 4))"))
    assert "        if loader is None:\n            return model(torch.zeros(1, 4))\n" in tried


def test_the_comment_of_the_switch_goes_along(program: Callable[[str], Program]):
    script = rule("MR111").bad.replace("    model.train()\n", "    model.train()  # back to work\n", 1)
    assert "    finally:\n        model.train()  # back to work\n" in mended(program, script)[0]
