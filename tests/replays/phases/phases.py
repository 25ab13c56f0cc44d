"""Trains a small classifier in phases that a table names."""

import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        return self.out(self.drop(self.norm(x)))


PHASES = {}


def phase(name):
    def keep(function):
        PHASES[name] = function
        return function

    return keep


@phase("fit")
def fit(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()


@phase("judge")
def judge(model, loader, optimizer):
    getattr(model, "eval")()
    right = 0
    with torch.no_grad():
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
    print(right)


def main(epochs=3):
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = [(torch.randn(16, 8), torch.randint(0, 3, (16,))) for _ in range(4)]
    for epoch in range(epochs):
        for name in ("fit", "judge"):
            PHASES[name](model, loader, optimizer)


if __name__ == "__main__":
    main()
