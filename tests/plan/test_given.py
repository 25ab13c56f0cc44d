"""What the user tells of a target in pyproject.toml is used as it stands."""

from __future__ import annotations

import pytest
from modereview.plan import plan
from modereview.records import Given

HEAD = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)
    def forward(self, pair):
        return self.layers(pair["left"] + pair["right"])
"""
TRAIN = """
def train(model, optimizer, secret):
    model.train()
    for x in secret.payload:
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()
"""
NET = Given(
    "Net",
    args="[nn.Linear(5, 3), nn.Dropout()]",
    inputs='{"left": torch.randn(4, 5), "right": torch.randn(4, 5)}',
)


@pytest.fixture
def told(program, ask, tmp_path):
    def planned(text, *given):
        return plan(program(text), (), ask, tmp_path / "test_script_modes.py", given=given)

    return planned


def test_a_model_out_of_reach_is_built_and_called_as_told(told):
    assert not told(HEAD).recipes
    (recipe,) = told(HEAD, NET).recipes
    model, inputs = recipe.values
    assert (model.code, model.why) == (
        "script.Net([nn.Linear(5, 3), nn.Dropout()])",
        "given in pyproject.toml",
    )
    assert inputs.code == "({'left': torch.randn(4, 5), 'right': torch.randn(4, 5)},)"


def test_a_function_gets_the_arguments_that_are_told(told):
    batches = "types.SimpleNamespace(payload=[{'left': torch.ones(4, 5), 'right': torch.ones(4, 5)}])"
    plan = told(HEAD + TRAIN, NET, Given("train", values=(("secret", batches),)))
    recipe = next(r for r in plan.recipes if r.target.name == "train")
    assert {v.name: v.code for v in recipe.values}["secret"] == batches


def test_a_script_is_run_with_the_changes_and_words_that_are_told(told):
    run = """
import sys
data = open(sys.argv[1]).read().split()
model = nn.Sequential(nn.Linear(2, 2))
for word in data:
    model(torch.ones(2, 2) * len(word)).sum().backward()
"""
    given = Given("script.py", values=(("data =", "['a', 'bc']"),), arguments=("words.txt",))
    (recipe,) = (r for r in told(HEAD + run, given).recipes if r.rehearsal)
    assert [(c.name, c.code) for c in recipe.rehearsal.changes] == [("data =", "['a', 'bc']")]
    assert recipe.rehearsal.arguments == ("words.txt",)


def test_what_is_told_wrongly_is_not_guessed_around(told):
    (missed,) = told(HEAD, Given("Net", args="[nn.Linear(5, 3)]", inputs="torch.randn(4, 5)")).unreached
    assert "the inputs given in pyproject.toml" in missed.error
    assert missed.tried == 1
