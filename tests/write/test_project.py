"""What the script brings in from the project's other files: shown to a model, and allowed in its answers."""

from __future__ import annotations

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.llm.tokens import tokens
from modereview.records import Suite, Target
from modereview.write.context import slices
from modereview.write.expressions import refused
from modereview.write.ground import ground
from modereview.write.project import brought_in, used_by

TRAINER = """import torch
from torch import nn
import nets
from nets import Encoder
from nets.parts import Head
from tools import rmtree, widths


class Config:
    width = 4


class Trainer:
    def __init__(self, encoder, config: Config):
        self.model = Head(encoder, widths(config))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def train(self, loader):
        self.model.train()
        for x, y in loader:
            self.optimizer.zero_grad()
            self.model(x).sum().backward()
            self.optimizer.step()
"""
FILES = {
    "nets/__init__.py": "from .encoder import Encoder\n",
    "nets/encoder.py": """import os
from torch import nn


class Encoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = Layer(width)


class Layer(nn.Linear):
    def __init__(self, width):
        super().__init__(width, width)


class Unused(nn.Module):
    pass
""",
    "nets/parts.py": "from torch import nn\n\n\nclass Head(nn.Module):\n    pass\n",
    "tools.py": "from shutil import rmtree\n\n\ndef widths(config):\n    return [config.width]\n",
}
TRAIN = Target("scenario", "Trainer.train", functions=("Trainer.train",))


@pytest.fixture
def program(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    for name, text in {**FILES, "train.py": TRAINER}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return analyze(parse.read(tmp_path / "train.py"), parse.read)


def used(program, limit: int = 3000) -> list[tuple[str, str]]:
    found = used_by(program, slices(program, TRAIN, limit), limit)
    return [(path, text.partition("\n")[0]) for path, _, text in found]


def test_what_the_code_uses_is_shown_of_every_file_and_nothing_else(program):
    assert used(program) == [
        ("nets/parts.py", "class Head(nn.Module):"),
        ("tools.py", "def widths(config):"),
        ("train.py", "class Config:"),
    ]


def test_what_it_uses_in_turn_is_shown_too(program):
    program.source.path.write_text(TRAINER.replace("Head(encoder, ", "Encoder(4, "))
    fresh = analyze(parse.read(program.source.path), parse.read)
    assert [name for path, name in used(fresh) if path == "nets/encoder.py"] == [
        "class Encoder(nn.Module):",
        "class Layer(nn.Linear):",
    ]


@pytest.mark.parametrize("limit", [0, 20, 40])
def test_it_keeps_to_its_limit(program, limit):
    found = used_by(program, slices(program, TRAIN, 3000), limit)
    assert sum(tokens(text) for *_, text in found) <= limit


def test_definitions_are_told_by_the_names_that_the_script_has_for_them(program):
    names = brought_in(program.source)
    assert {"Encoder", "Head", "widths", "nets.Encoder"} <= names
    assert not names & {"rmtree", "nets", "nets.encoder.os", "Config"}


@pytest.mark.parametrize(
    "code", ["script.Encoder(4)", "script.nets.Encoder(4)", "script.widths(script.Config)"]
)
def test_recipe_may_use_what_the_project_defines(program, code):
    assert refused(code, frozenset(), where(program)) is None


@pytest.mark.parametrize(
    "code",
    [
        "script.rmtree('x')",
        "script.nets",
        "script.nets.encoder.os.getcwd()",
        "script.nets.parts.nn.Linear(1, 1)",
    ],
)
def test_recipe_may_not_use_what_the_project_imports(program, code):
    assert refused(code, frozenset(), where(program)) is not None


def where(program):
    source = program.source
    return ground(Suite(source.path, "", ()), source.tree, brought_in(source))
