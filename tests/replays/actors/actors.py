"""Judges several actors: a critic over pairs of states and actions, a loop that is given its model."""

import torch
from torch import nn
from torch.nn import functional as F


class Critic(nn.Module):
    """One encoder for each actor, of which `sizes` names (state, action) widths."""

    def __init__(self, sizes, width=32, heads=1):
        super().__init__()
        assert width % heads == 0, "the heads share the width"
        self.encoders = nn.ModuleList()
        for state, action in sizes:
            norm = nn.BatchNorm1d(state + action, affine=False)
            self.encoders.append(nn.Sequential(norm, nn.Linear(state + action, width), nn.ReLU()))
        self.attend = nn.MultiheadAttention(width, heads, dropout=0.1, batch_first=True)
        self.value = nn.Linear(width, 1)

    def forward(self, pairs):
        joined = [torch.cat(pair, dim=1) for pair in pairs]
        coded = torch.stack([encode(x) for encode, x in zip(self.encoders, joined)], dim=1)
        return list(self.value(self.attend(coded, coded, coded)[0]).unbind(1))


def score(settings, model, batches):
    model.eval()
    total = torch.zeros(())
    with torch.no_grad():
        for features, labels in batches:
            total += F.cross_entropy(model(features), labels, weight=settings.weights)
    return total / len(batches)


def fit(settings, model, batches, held_out):
    optimizer = settings.optimizer(model.parameters(), lr=settings.rate)
    model.train()
    step = 0
    for _ in range(settings.epochs):
        for features, labels in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(features), labels, weight=settings.weights).backward()
            optimizer.step()
            step += 1
            if step % settings.every == 0:
                settings.log.append(score(settings, model, held_out).item())
