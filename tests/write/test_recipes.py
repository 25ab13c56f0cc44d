"""What a model's recipe is tried on, and what becomes of an answer that holds none."""

from __future__ import annotations

from dataclasses import replace

from modereview.llm import answers
from modereview.llm.prompts import Prompts
from modereview.records import Target, Unreached
from modereview.write import recipes

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
