"""Each kind of mutant makes its one fault, at each place where it can be made, and leaves the rest alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix.mutants import kinds, mutants
from modereview.records import Mutant, Program

SCRIPT = """\
import random
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.many = nn.ModuleList([nn.Linear(4, 4)])

    def forward(self, x):
        x = self.drop(self.norm(self.many[0](x)))
        return F.dropout(x, training=self.training)

class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.Sequential(nn.BatchNorm1d(4, track_running_stats=True))

    def train(self, mode=True):
        super().train(mode)
        self.norm.eval()
        return self

    def forward(self, x):
        return self.norm(x)

def set_seed(seed):
    random.seed(seed)
    torch.manual_seed(seed)

@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    return sum(model(x).sum() for x in loader)

def main():
    torch.manual_seed(0)
    model, order = Net(), np.random.default_rng(0)
    for epoch in range(3):
        model.train()
        model(torch.randn(4, 4)).sum().backward()
        with torch.inference_mode():
            model(torch.randn(4, 4))
"""
# (kind, text of the script, what stands there in the mutant)
FAULTS = [
    (
        "errant_train",
        "        return F.dropout(x, training=self.training)\n",
        "    def train(self, mode=True):",
    ),
    ("flag_ignored", "training=self.training", "training=True"),
    ("grad_left_on", "@torch.no_grad()", "@__import__('torch').enable_grad()"),
    ("grad_left_on", "with torch.inference_mode()", "with __import__('torch').enable_grad()"),
    ("layer_in_forward", "self.norm(self.many", "__import__('copy').deepcopy(self.norm).train()(self.many"),
    ("layer_in_forward", "self.drop(self.norm", "__import__('copy').deepcopy(self.drop).train()(self.norm"),
    ("noise_in_forward", "return self.norm(x)", "torch.rand_like"),
    ("override_broken", "super().train(mode)", "super().train(True)"),
    ("override_broken", "        return self\n", "        _ = self\n"),
    ("seed_lost", "    random.seed(seed)\n", ""),
    ("seed_lost", "    torch.manual_seed(seed)\n", ""),
    ("seed_lost", "default_rng(0)", "default_rng(None)"),
    ("statistics_not_kept", "nn.BatchNorm1d(4)\n", "nn.BatchNorm1d(4, track_running_stats=False)\n"),
    ("statistics_not_kept", "stats=True", "stats=False"),
    ("submodule_hidden", "self.norm = nn.BatchNorm1d(4)", 'self.__dict__["norm"] = nn.BatchNorm1d(4)'),
    ("submodule_hidden", "self.drop = nn", 'self.__dict__["drop"] = nn'),
    ("submodule_hidden", "nn.ModuleList([", "list(["),
    ("switch_dropped", "        self.norm.eval()\n", ""),
    ("switch_dropped", "    model.eval()\n", ""),
    ("switch_swapped", "model.train()", "model.eval()"),
    (
        "train_above_loop",
        "    for epoch in range(3):\n        model.train()\n",
        "    model.train()\n    for epoch in range(3):\n",
    ),
]


def program(text: str = SCRIPT) -> Program:
    return analyze(parse.decode(Path("/project/train.py"), Path("/project"), text.encode()))


@pytest.fixture(scope="module")
def made() -> tuple[Mutant, ...]:
    return mutants(program())


@pytest.mark.parametrize(("kind", "old", "new"), FAULTS)
def test_the_fault_is_put_in(kind: str, old: str, new: str, made: tuple[Mutant, ...]) -> None:
    assert SCRIPT.count(old) == 1
    before, after = SCRIPT.split(old)
    texts = [mutant.source.text for mutant in made]
    if kind in ("noise_in_forward", "errant_train"):  # a longer text, and not in its place
        assert any(text.count(new) > SCRIPT.count(new) for text in texts)
    else:
        assert before + new + after in texts


def test_every_kind_is_tried() -> None:
    assert {*(kind for kind, _, _ in FAULTS), "switch_added"} == kinds().keys()


WITHOUT_SWITCH = """\
from torch import nn
net = nn.Sequential(nn.Linear(4, 4), nn.Dropout())
optimizer = SGD(net.parameters(), lr=0.1)
for x, y in data:
    loss = (net(x) - y).pow(2).mean()
    loss.backward()
    optimizer.step()
"""


def test_where_nothing_is_switched_an_eval_before_the_training_is_the_fault() -> None:
    added = WITHOUT_SWITCH.replace("    loss = ", "    net.eval()\n    loss = ")
    assert [mutant.source.text for mutant in mutants(program(WITHOUT_SWITCH))] == [added]
    switching = WITHOUT_SWITCH.replace("for x", "net.train()\nfor x")
    assert not any(mutant.id.startswith("added") for mutant in mutants(program(switching)))


def test_each_mutant_parses_and_differs_from_the_file_and_the_others(made: tuple[Mutant, ...]) -> None:
    texts = [mutant.source.text for mutant in made]
    assert SCRIPT not in texts
    assert len(set(texts)) == len(texts)
    for text in texts:
        compile(text, "mutant", "exec")


def test_identities_are_unique_and_say_where(made: tuple[Mutant, ...]) -> None:
    assert len({mutant.id for mutant in made}) == len(made)
    for mutant in made:
        assert str(mutant.span.line) in mutant.description or mutant.function.endswith(".train")


def test_the_seed_of_a_run_is_no_seeding_function(made: tuple[Mutant, ...]) -> None:
    assert all("    torch.manual_seed(0)\n" in mutant.source.text for mutant in made)


def test_a_file_without_modes_has_the_noise_alone() -> None:
    plain = "from torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n"
    assert [mutant.description for mutant in mutants(program(plain))] == ["noise put into `Net.forward` at 3"]
