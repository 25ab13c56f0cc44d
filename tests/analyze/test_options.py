"""Layers that an option asks for: they count unless nobody in view turns it on."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent

import pytest
from modereview.records import Program

BLOCK = """\
import argparse

import torch.nn as nn


class Block(nn.Module):
    def __init__(self, width, drops=False, rate=0.0, norm=None):
        super(Block, self).__init__()
{init}

{use}
"""
METHOD = """

    def build(self, drops):
        return nn.Sequential(*([nn.Dropout(0.5)] if drops else []))
"""
ASKED_FOR = {
    "by a branch": "self.part = nn.Dropout(0.5) if drops else nn.Identity()",
    "by a statement": "if drops:\n    self.part = nn.Dropout(0.5)",
    "by one of two conditions": "if drops and width > 1:\n    self.part = nn.Dropout(0.5)",
    "by a rate above 0": "if rate > 0:\n    self.part = nn.Dropout(0.5)",
    "by the rate alone": "self.part = nn.Dropout(rate)",
    "by a name": "if norm is not None:\n    self.part = nn.BatchNorm1d(width)",
    "in a method that is handed it": "self.part = self.build(drops)",
}
LEFT_OFF = {
    "at the only call": "net = Block(4)",
    "with a literal": "net = Block(4, drops=False, rate=0, norm=None)",
    "by position": "net = Block(4, False, 0.0)",
    "handed on by another class that leaves it off": """
        class Net(nn.Module):
            def __init__(self, drops=False, rate=0.0, norm=None):
                super().__init__()
                self.block = Block(4, drops, rate=rate, norm=norm)

        net = Net()
    """,
}
TURNED_ON = {
    "at one of two calls": "net = Block(4)\nother = Block(4, True, 0.1, 'batch')",
    "by the command line": """
        args = argparse.ArgumentParser().parse_args()
        net = Block(4, args.drops, args.rate, args.norm)
    """,
    "out of view": "",
    "perhaps, in what is spread": "net = Block(4, **options)",
    "perhaps, by who is handed the class": "net = Block(4)\nother = build(Block, 4)",
    "by who calls the class that hands it on": """
        class Net(nn.Module):
            def __init__(self, drops=False, rate=0.0, norm=None):
                super().__init__()
                self.block = Block(4, drops, rate, norm)

        net = Net(drops=True, rate=0.5, norm="batch")
    """,
    "where it was set again": "net = Block(4)",
}


def _known(program: Callable[..., Program], init: str, use: str) -> tuple[str, ...]:
    method = METHOD if "self.build" in init else ""
    text = BLOCK.format(init=indent(init, " " * 8) + method, use=dedent(use).strip())
    module = program(text).module("Block")
    assert module is not None and not module.opaque
    return module.sensitive


@pytest.mark.parametrize("asked", ASKED_FOR)
@pytest.mark.parametrize("how", LEFT_OFF)
def test_a_layer_that_nobody_asks_for_is_not_there(how: str, asked: str, program: Callable[..., Program]):
    assert _known(program, ASKED_FOR[asked], LEFT_OFF[how]) == ()


@pytest.mark.parametrize("asked", ASKED_FOR)
@pytest.mark.parametrize("how", TURNED_ON)
def test_a_layer_that_somebody_may_ask_for_is_there(how: str, asked: str, program: Callable[..., Program]):
    again = "drops = rate = norm = width\n" if how == "where it was set again" else ""
    assert _known(program, again + ASKED_FOR[asked], TURNED_ON[how]) != ()
