"""Which mutants the tests can notice: those in what a recipe runs."""

from __future__ import annotations

from pathlib import Path

from modereview import parse
from modereview.analyze import analyze
from modereview.fix.reach import split
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


def mutant(function: str) -> Mutant:
    return Mutant(function, "", Span(1, 1, 1, 2), function, PROGRAM.source)


def test_mutants_in_what_a_recipe_drives_or_calls_are_inside():
    inside, outside = split([mutant("validate"), mutant("score")], [SCENARIO], PROGRAM)
    assert [m.function for m in inside] == ["validate", "score"]
    assert outside == ()


def test_the_classes_that_a_recipe_builds_are_inside():
    inside, _ = split([mutant("Net.forward"), mutant("Own.__init__")], [SCENARIO, MODULE], PROGRAM)
    assert [m.function for m in inside] == ["Net.forward", "Own.__init__"]


def test_each_other_place_is_told_once():
    inside, outside = split([mutant("other"), mutant("other"), mutant("")], [SCENARIO], PROGRAM)
    assert inside == ()
    assert outside == (
        "No test runs `other`: its mode switches stay untested.",
        "No test runs the top level: its mode switches stay untested.",
    )
