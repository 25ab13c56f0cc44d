"""Globals that a target reads and that only a run of the script sets: a recipe has to give them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.records import Plan, Target
from modereview.write.unset import unset

CODE = """
import torch
from torch import nn

DEPTH = 2


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        return self.norm(x)


class Net(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.block = Block()
        self.layers = [nn.Linear(width, size) for size in range(DEPTH)]
        self.drop = nn.Dropout(rate)

    def forward(self, x):
        words = self.block(x)
        return self.drop(words)


class Other(nn.Module):
    def forward(self, x):
        return x * scale


def train(model, loader):
    for x in loader:
        model(x).sum().backward()
"""
RUN = """
words = open("words.txt").read().split()
for size in range(3):
    width, rate, scale = len(words), 0.5, 2
train(Net(rate), words)
"""
GUARDED = 'if __name__ == "__main__":' + RUN.replace("\n", "\n    ")


@pytest.fixture
def plan_of():
    def made(code: str, load: str) -> Plan:
        source = parse.decode(Path("/p/a.py"), Path("/p"), code.encode())
        return Plan(analyze(source, parse.read), (), load, Path("/p/test_a.py"), (), ())

    return made


@pytest.mark.parametrize(("run", "load"), [(RUN, "definitions"), (GUARDED, "import")])
def test_a_class_wants_what_its_own_code_and_its_parts_read(plan_of, run, load):
    plan = plan_of(CODE + run, load)
    assert unset(plan, Target("module", "Net")) == ("width",)
    assert unset(plan, Target("module", "Other")) == ("scale",)


def test_a_function_wants_what_the_models_read_that_it_may_be_given(plan_of):
    target = Target("scenario", "train", functions=("train",))
    assert unset(plan_of(CODE + GUARDED, "import"), target) == ("width",)


def test_variables_of_a_comprehension_are_no_globals(plan_of):
    code = CODE.replace("LayerNorm(width)", "LayerNorm(letter)") + "names = [letter for letter in 'abc']\n"
    assert unset(plan_of(code, "definitions"), Target("module", "Block")) == ()


def test_what_an_import_sets_is_there(plan_of):
    plan = plan_of(CODE + "width = 3\n" + GUARDED, "import")
    assert unset(plan, Target("module", "Net")) == ()
    assert unset(replace(plan, load="definitions"), Target("module", "Other")) == ("scale",)
