"""Where a switch is put: what is offered for whole scripts, with all that a fix makes necessary."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Tools, suggest
from modereview.rules import check

HEAD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.norm(x))


def step(model, optimizer, x, y):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()


"""
# Lines that begin with "+" are what the fix puts in, those with "-" what it takes out.
PLACED = {
    "MR103: in the middle of a training step, right around the evaluation": """
        def main(loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                step(model, optimizer, x, y)
        +       model.eval()
                with torch.no_grad():
                    hits = (model(x).argmax(1) == y).sum().item()
        +       model.train()
                print(hits)
                step(model, optimizer, x + 1, y)
    """,
    "MR102: an evaluation now and then, and one that ends the epoch": """
        class Trainer:
            def __init__(self, model, loader):
                self.model, self.loader = model, loader
                self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            def fit(self):
                for epoch in range(3):
        +           self.model.train()
                    for i, (x, y) in enumerate(self.loader):
                        step(self.model, self.optimizer, x, y)
                        if i % 100 == 0:
                            self.score()
        +                   self.model.train()
                    self.score()

            def score(self):
                self.model.eval()
                with torch.no_grad():
                    print(sum((self.model(x).argmax(1) == y).sum().item() for x, y in self.loader))


        def main(loader):
            Trainer(Net(), loader).fit()
    """,
    "MR102: `eval()` where `train()` was meant": """
        def main(loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(3):
        -       model.eval()
        +       model.train()
                for x, y in loader:
                    step(model, optimizer, x, y)
    """,
    "MR102: an `eval()` that an evaluation needs too stays": """
        def main(loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model.eval()
            with torch.no_grad():
                print(sum((model(x).argmax(1) == y).sum().item() for x, y in loader))
        +   model.train()
            for x, y in loader:
                step(model, optimizer, x, y)
    """,
    "MR301: an export in the middle of a training": """
        def fit(model, optimizer, loader):
        +   model.train()
            for x, y in loader:
                step(model, optimizer, x, y)


        def main(loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(3):
                fit(model, optimizer, loader)
        +       model.eval()
                torch.jit.trace(model, torch.zeros(2, 4)).save("net.pt")
    """,
    "MR110: only the evaluation goes under the context": """
        def main(loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model.eval()
        -   torch.set_grad_enabled(False)
        -   print(sum((model(x).argmax(1) == y).sum().item() for x, y in loader))
        +   with torch.set_grad_enabled(False):
        +       print(sum((model(x).argmax(1) == y).sum().item() for x, y in loader))
            model.train()
            for x, y in loader:
                step(model, optimizer, x, y)
    """,
    "MR103: a function that trains without gradients is none that evaluates": """
        def main(loader):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            torch.set_grad_enabled(False)
        +   model.eval()
            print(sum((model(x).argmax(1) == y).sum().item() for x, y in loader))
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
    """,
}


def look(source):
    program = analyze(source)
    return program, check(program)


def version(script: str, *, mended: bool) -> str:
    """The script before or after the fix."""
    gone, kept = ("-", "+") if mended else ("+", "-")
    lines = [line for line in dedent(script).splitlines() if not line.startswith(gone)]
    return HEAD + "".join(
        f"{line.replace(kept, ' ', 1) if line.startswith(kept) else line}\n" for line in lines
    )


@pytest.mark.parametrize(("name", "script"), PLACED.items(), ids=PLACED)
def test_the_switch_is_placed_as_a_maintainer_would(name, script):
    text = version(script, mended=False)
    source = parse.decode(Path("/project/train.py"), Path("/project"), text.encode())
    program, findings = look(source)
    verdicts = suggest(program, findings, Tools(look, run=lambda _: ()))
    (fix,) = [v.fix for v in verdicts if v.finding.rule == name.partition(":")[0]]
    assert fix is not None and fix.safe
    assert parse.apply(source, fix.edits).text == version(script, mended=True)
