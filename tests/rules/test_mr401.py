"""MR401: a script that trains without any seed; never more than a note."""

from __future__ import annotations

from textwrap import dedent

import pytest
from modereview.rules import rule

NET = """\
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.drop(self.norm(x)))


def fit(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


"""

RIGHT = {
    "seeded": """
        torch.manual_seed(0)
        model = Net()
        fit(model, [(torch.randn(8, 4), torch.zeros(8).long())], torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "seeded by a helper": """
        from helpers import seed_everything
        seed_everything(1)
        model = Net()
        fit(model, [(torch.randn(8, 4), torch.zeros(8).long())], torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "what others train with": """
        def main(loader):
            model = Net()
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "nothing is trained": """
        model = Net()
        model.eval()
        print(model(torch.randn(8, 4)))
    """,
}
NOTED = {
    "at the top level": """
        model = Net()
        fit(model, [(torch.randn(8, 4), torch.zeros(8).long())], torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "under a main guard, called in a loop": """
        def main(epochs):
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(epochs):
                fit(model, [(torch.randn(8, 4), torch.zeros(8).long())], optimizer)

        if __name__ == "__main__":
            main(3)
    """,
}


def found(program, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR401").check(program(NET + dedent(script)))]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(program, script):
    assert found(program, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(program, script):
    assert found(program, script) == ["note"]
