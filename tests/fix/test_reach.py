"""Which mutants the tests can notice: those in what a recipe runs."""

from __future__ import annotations

from pathlib import Path

from modereview import parse
from modereview.analyze import analyze
from modereview.fix.reach import reach
from modereview.records import Mutant, Recipe, Span, Target

PROGRAM = analyze(
    parse.decode(
        Path("/project/a.py"),
        Path("/project"),
        b"""\
import torch
def validate(model, x):
    with torch.no_grad(): return score(model, x)
def score(model, x): return model(x)
def other(model, x): return model(x)
model = torch.nn.Dropout()
validate(model, 1)
""",
    )
)
SCENARIO = Recipe(Target("scenario", "validate", ("validate",), ("Net",)), ())
MODULE = Recipe(Target("module", "Own"), ())


def mutant(function: str, name: str = "") -> Mutant:
    return Mutant(name or function, "", Span(1, 1, 1, 2), function, PROGRAM.source)


def test_mutants_in_what_a_recipe_drives_or_calls_are_inside():
    found = reach([mutant("validate"), mutant("score")], [SCENARIO], PROGRAM)
    assert [m.function for m in found.inside] == ["validate", "score"]
    assert found.outside == ()


def test_the_classes_that_a_recipe_builds_are_inside_for_their_targets_alone():
    found = reach([mutant("Net.forward"), mutant("Own.__init__")], [SCENARIO, MODULE], PROGRAM)
    assert found.targets == {"Net.forward": {"validate"}, "Own.__init__": {"Own"}}


def test_the_parts_and_bases_of_a_class_are_run_by_its_tests():
    text = """\
import torch.nn as nn
class Base(nn.Module):
    def forward(self, x): return self.body(x)
class Block(nn.Module):
    def forward(self, x): return x
class Net(Base):
    def __init__(self):
        super().__init__()
        self.body = Block()
"""
    program = analyze(parse.decode(Path("/project/a.py"), Path("/project"), text.encode()))
    found = reach(
        [mutant("Block.forward"), mutant("Base.forward")], [Recipe(Target("module", "Net"), ())], program
    )
    assert found.targets == {"Block.forward": {"Net"}, "Base.forward": {"Net"}}


def test_each_other_place_is_told_once():
    others = [mutant("other", "1"), mutant("other", "2"), mutant("")]
    found = reach(others, [SCENARIO], PROGRAM)
    assert found.inside == ()
    assert found.outside == (
        "No test runs `other`: its mode switches stay untested.",
        "No test runs the top level: its mode switches stay untested.",
    )
