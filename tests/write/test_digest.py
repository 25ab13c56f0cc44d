"""What a second look shows of a file: every line that decides about modes, within the limit of tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.llm.tokens import tokens
from modereview.records import Finding, Severity, Span
from modereview.write.digest import digest, whole

CODE = '''import torch
from torch import nn


class Net(nn.Module):
    """A net for training and for inference_mode."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.norm(x))


def read_corpus(path):
    with open(path) as file:
        words = file.read().split()
    table = {}
    for word in words:
        table[word] = table.get(word, 0) + 1
    return table


def fit(model, optimizer, loader):
    """Train it.

    And then: model.eval() is up to you.
    """
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()
'''
DECIDE = ("self.drop = nn.Dropout(0.5)", "model.train()", "model(x).sum().backward()")


def analysed(code: str):
    return analyze(parse.decode(Path("/p/train.py"), Path("/p"), code.encode()), parse.read)


@pytest.fixture
def program():
    return analysed(CODE)


@pytest.mark.parametrize("line", DECIDE)
def test_every_line_that_decides_is_shown_with_its_number(program, line):
    number = next(n for n, code in enumerate(CODE.split("\n"), 1) if line in code)
    assert any(
        shown.startswith(f"{number}: ") and line in shown for shown in digest(program, 3000).split("\n")
    )


def test_what_is_left_out_is_marked(program):
    text = digest(program, 3000)
    assert "words = file.read()" not in text and "\n...\n" in text


def test_words_in_docstrings_decide_nothing(program):
    assert "up to you" not in digest(program, 3000) and "inference_mode" not in digest(program, 3000)


def test_limit_holds(program):
    assert tokens(digest(program, 100)) <= 110
    assert tokens(digest(program, 3000)) < tokens(whole(program))


def test_forwards_and_switches_stay_longest():
    """Forty classes with dropout come before the loop that trains one of them."""
    classes = "".join(f"class Net{n}(nn.Module):\n    drop = nn.Dropout(0.{n})\n\n" for n in range(40))
    code = CODE.replace("def read_corpus", f"{classes}def read_corpus")
    text = digest(analysed(code), 300)
    assert "model.train()" in text and "model(x).sum().backward()" in text


def test_an_argument_is_shown_with_its_call():
    arguments = "".join(f"        {name},\n" for name in ("q", "k", "v", "1", "dropout_p=0.1"))
    code = f"def attend(self, q, k, v):\n    return attention(\n{arguments}    )\n"
    text = digest(analysed(CODE + "\n\n" + code), 3000)
    assert "return attention(" in text and "dropout_p=0.1" in text


def test_what_the_findings_are_about_is_shown(program):
    """A reader can dispute only what stands there."""
    line = CODE.split("\n").index("    table = {}") + 1
    found = Finding("MR205", "n", Severity.ERROR, "m", "train.py", Span(line, 1, line, 2))
    assert "table = {}" not in digest(program, 3000)
    assert f"{line}:     table = {{}}" in digest(program, 3000, [found])


def test_options_of_a_parser_are_left_out_whatever_their_help_says():
    option = 'parser.add_argument(\n    "--epochs",\n    help="epochs of training",\n)\n'
    assert "epochs" not in digest(analysed(CODE + "\n\n" + option), 3000)


def test_what_runs_without_a_graph_is_shown_where_no_forward_is_seen():
    """An evaluation of what comes from elsewhere: the analysis cannot tell its calls from others."""
    head = "class Score:\n    @torch.inference_mode()\n    def score(self):\n        names = []\n"
    calls = "        drawn = self.sampler.draw(3)\n        names.append(drawn)\n        return rate(names)\n"
    text = digest(analysed(f"{CODE}\n\n{head}{calls}"), 3000)
    assert "drawn = self.sampler.draw(3)" in text and "return rate(names)" in text


@pytest.mark.parametrize(
    "line",
    [
        "def train(self, mode=True):",
        "self.drops = []",
        "self.heads = nn.ModuleList()",
        "mask.bernoulli_(0.5)",
        "if self.word_dropout > 0:",
        "kept = torch.randperm(len(x))",
    ],
)
def test_lines_about_what_a_switch_reaches_are_shown(line):
    block = f"{line}\n            pass" if line.endswith(":") else line
    code = CODE.replace("        return self.drop", f"        {block}\n        return self.drop")
    assert line in digest(analysed(code), 3000)
