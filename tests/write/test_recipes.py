"""What a model's recipe is tried on, and what becomes of an answer that holds none."""

from __future__ import annotations

from dataclasses import replace

from modereview.llm import answers
from modereview.llm.prompts import Prompts
from modereview.records import Target, Unreached
from modereview.write import recipes
from modereview.write.ways import passing, way_of

GPU = "import torch\n\n\nclass Net(torch.nn.Module):\n    pass\n\n\nmodel = Net().cuda(0)\n"


def test_file_that_asks_for_a_gpu_is_tried_without_one(plan):
    assert recipes.ready(plan(code=GPU)).instead == ("OnTheCpu",)
    assert recipes.ready(replace(plan(code=GPU), instead=("OnTheCpu",))).instead == ("OnTheCpu",)
    assert recipes.ready(plan()).instead == ()


def test_model_that_knows_no_recipe_is_not_asked_again(plan, module):
    planned = replace(plan(module()), unreached=(Unreached(Target("module", "Net"), 3, "no size fits", ""),))
    (chain,) = recipes.chains(planned, lambda _: (), Prompts(), 3000)
    judged = chain.gate(answers.Recipe(values=(), watch="model"))
    assert not judged.again and judged.dropped == (("recipe of Net", "the model knows no recipe"),)


TRAINER = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x


class Trainer:
    def __init__(self, model, loader, held_out=None, rate=0.1, verbose=True, device="cpu"):
        self.model, self.loader, self.held_out = model, loader, held_out
        self.optimizer = torch.optim.SGD(model.parameters(), lr=rate)

    def train(self):
        self.model.train()
        for x, y in self.loader:
            self.optimizer.zero_grad()
            self.model(x).sum().backward()
            self.optimizer.step()

    def test(self, steps=2):
        self.model.eval()
        correct = 0
        with torch.no_grad():
            for x, y in self.held_out:
                correct += (self.model(x).argmax(1) == y).sum().item()
        return correct
"""
TEST = Target("scenario", "Trainer.test", ("Trainer.test",))


def test_argument_with_a_default_may_be_given_but_for_flags_and_words(plan):
    way = way_of(plan(code=TRAINER), TEST)
    assert [option[1:] for option in way.optional] == [("held_out", "None"), ("rate", "0.1"), ("steps", "2")]
    given = passing(way, {"model", "loader", "held_out", "steps"})
    assert [value.code for value in given.objects] == ["script.Trainer(model, loader, held_out=held_out)"]
    assert [drive.code for drive in given.drives] == ["trainer.test(steps=steps)"]


def test_argument_that_a_call_in_view_leaves_out_stays_out(plan):
    called = TRAINER + "\n\ntrainer = Trainer(Net(), [])\ntrainer.test()\n"
    assert way_of(plan(code=called), TEST).optional == ()
