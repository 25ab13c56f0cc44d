"""What a question shows: what the target needs, within its limit of tokens, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.llm.tokens import tokens
from modereview.records import Target
from modereview.write.context import slices

CODE = """import torch
from torch import nn


class Block(nn.Module):
    def forward(self, x):
        return x


class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.block = Block()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.block(x))


class Trainer:
    def __init__(self, model, rate):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=rate)

    def train(self, loader):
        self.model.train()
        for x, y in loader:
            self.optimizer.zero_grad()
            self.model(x).sum().backward()
            self.optimizer.step()


def read_corpus(path):
    with open(path) as file:
        words = file.read().split()
    table = {}
    for word in words:
        table[word] = table.get(word, 0) + 1
    return table


def main():
    net = Net([3, 4])
    trainer = Trainer(net, 0.1)
    trainer.train([])
"""


@pytest.fixture
def program():
    return analyze(parse.decode(Path("/p/train.py"), Path("/p"), CODE.encode()), parse.read)


def shown(program, target: Target, limit: int = 3000) -> str:
    return "\n".join(text for _, text in slices(program, target, limit))


def test_model_is_shown_with_what_it_is_built_of_and_where_it_is_built(program):
    text = shown(program, Target("module", "Net", classes=("Net",)))
    assert "class Net" in text and "class Block" in text and "net = Net([3, 4])" in text
    assert "class Trainer" not in text and "read_corpus" not in text


def test_method_is_shown_with_its_class_and_the_models_it_may_be_given(program):
    text = shown(program, Target("scenario", "Trainer.train", functions=("Trainer.train",)))
    assert "def __init__(self, model, rate)" in text and "class Net" in text
    assert "read_corpus" not in text


def test_models_that_nothing_builds_are_not_shown_beside_those_that_are():
    other = "class Other(nn.Module):\n    def forward(self, x):\n        return x\n\n\nclass Trainer:"
    code = CODE.replace("class Trainer:", other)
    program = analyze(parse.decode(Path("/p/train.py"), Path("/p"), code.encode()), parse.read)
    text = shown(program, Target("scenario", "Trainer.train", functions=("Trainer.train",)))
    assert "class Net" in text and "class Block" in text and "class Other" not in text


def test_slices_come_in_file_order_with_their_lines(program):
    found = slices(program, Target("module", "Net", classes=("Net",)), 3000)
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    assert all(text.split("\n")[0] == CODE.split("\n")[line - 1] for line, text in found)


@pytest.mark.parametrize("limit", [0, 20, 60, 120])
def test_limit_holds_and_what_matters_most_stays(program, limit):
    text = shown(program, Target("module", "Net", classes=("Net",)), limit)
    assert tokens(text) <= limit
    assert limit < 60 or "class Net" in text


WORDS = "".join(f'        print("many words, number {n}")\n' for n in range(60))
LONG = f"""import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x


class Trainer:
    def __init__(self, model):
        self.model = model
        self.build()

    def build(self):
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def describe(self):
{WORDS}
    def train(self, loader):
        self.model.train()
        for x, y in loader:
            self.optimizer.zero_grad()
            self.model(x).sum().backward()
            self.optimizer.step()
{WORDS}

def fit(model, loader):
    model.train()
    for x, y in loader:
        model(x).sum().backward()
{WORDS}"""


@pytest.mark.parametrize(
    ("target", "there"),
    [
        (Target("scenario", "Trainer.train", functions=("Trainer.train",)), "self.optimizer.zero_grad()"),
        (Target("scenario", "fit", functions=("fit",)), "for x, y in loader:"),
    ],
)
def test_of_a_long_function_that_is_run_the_beginning_is_shown(target, there):
    program = analyze(parse.decode(Path("/p/train.py"), Path("/p"), LONG.encode()), parse.read)
    text = shown(program, target, 300)
    assert tokens(text) <= 300 and there in text and "...  # shown in part" in text


def test_what_a_constructor_calls_is_shown_before_the_rest():
    program = analyze(parse.decode(Path("/p/train.py"), Path("/p"), LONG.encode()), parse.read)
    text = shown(program, Target("scenario", "Trainer.train", functions=("Trainer.train",)), 300)
    assert "torch.optim.SGD" in text and "def describe(self):" in text
