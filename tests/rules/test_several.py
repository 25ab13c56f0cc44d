"""Models that a loop hands out: switched all at once, before the loop that runs them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview import parse
from modereview.records import Program
from modereview.rules import check, rule

SCRIPT = """\
import torch
import torch.nn as nn


def build():
    return nn.Sequential(nn.Linear(4, 2), nn.Dropout())


def net(x):
    return x


def evaluate(models, loader):
{body}


def main(loader):
    models = [build() for _ in range(3)]
    evaluate(models, loader)
"""
EACH = "    for {0} in models:\n        {0}.eval()\n"
RUN = {
    "a loop": ("m", "for x, y in loader:\n        for m in models: print((m(x) == y).sum())"),
    "counted": ("m", "for i, m in enumerate(models):\n        print([(m(x) == y).sum() for x, y in loader])"),
    "in pairs": ("m", "for m, (x, y) in zip(models, loader):\n        print((m(x) == y).sum())"),
    "a comprehension": ("m", "print([(m(x) == y).sum() for m in models for x, y in loader])"),
}
RUN_OF_DICT = {
    "values": "for m in models.values():\n        print([(m(x) == y).sum() for x, y in loader])",
    "items": "for k, m in models.items():\n        print(k, [(m(x) == y).sum() for x, y in loader])",
}
OFFERED_NOTHING = {
    "a name that hides a function": "print(net(1), [(net(x) > 0).sum() for net in models for x in loader])",
    "some of them": "for m in models[1:]:\n        print([(m(x) == y).sum() for x, y in loader])",
}


def mended(program: Callable[[str], Program], body: str) -> list[str]:
    """The script after each fix that is offered for the evaluation."""
    known = program(SCRIPT.format(body=f"    {body}"))
    found = [f for f in check(known) if f.rule == "MR101"]
    return [parse.apply(known.source, x.edits).text for f in found for x in rule("MR101").mend(known, f)]


@pytest.mark.parametrize(("name", "body"), RUN.values(), ids=RUN)
def test_each_is_switched(program: Callable[[str], Program], name: str, body: str) -> None:
    expected = SCRIPT.format(body=f"{EACH.format(name)}    {body}")
    offered = mended(program, body)
    assert expected in [text.replace("@torch.no_grad()\n", "") for text in offered]
    assert "MR101" not in {f.rule for f in check(program(expected))}


@pytest.mark.parametrize("body", RUN_OF_DICT.values(), ids=RUN_OF_DICT)
def test_each_of_a_dict_is_switched(program: Callable[[str], Program], body: str) -> None:
    of_dict = SCRIPT.replace("[build() for _ in range(3)]", '{{"a": build(), "b": build()}}')
    known = program(of_dict.format(body=f"    {body}"))
    (finding,) = [f for f in check(known) if f.rule == "MR101"]
    offered = [parse.apply(known.source, fix.edits).text for fix in rule("MR101").mend(known, finding)]
    each = EACH.format("m").replace("models", "models.values()")
    assert of_dict.format(body=f"{each}    {body}") in [t.replace("@torch.no_grad()\n", "") for t in offered]


@pytest.mark.parametrize("body", OFFERED_NOTHING.values(), ids=OFFERED_NOTHING)
def test_left_alone(program: Callable[[str], Program], body: str) -> None:
    assert not [
        text for text in mended(program, body) if "for net in models:\n" in text or "m.eval()" in text
    ]
