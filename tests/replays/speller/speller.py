"""Learns to sort the letters of words. Its sizes are globals, which only a run of the script sets."""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x):
        x = self.linear(x)
        x = nn.BatchNorm1d(x.shape[1])(x)
        return F.relu(x)


class Speller(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(n_letters, n_hidden)
        self.blocks = nn.Sequential(Block(n_hidden), Block(n_hidden))
        self.head = nn.Linear(n_hidden, n_letters)

    def forward(self, words):
        letters = self.blocks(self.embed(words).flatten(0, 1))
        return self.head(letters).unflatten(0, words.shape)


def train(model, optimizer, words):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(words).flatten(0, 1), words.sort(1).values.flatten())
    loss.backward()
    optimizer.step()


def right(model, words):
    model.eval()
    with torch.no_grad():
        return (model(words).argmax(2) == words.sort(1).values).float().mean().item()


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text().split()
    letters = sorted({letter for line in lines for letter in line})
    n_letters, n_hidden = len(letters), 64
    words = torch.tensor([[letters.index(letter) for letter in line] for line in lines])
    model = Speller()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(50):
        train(model, optimizer, words)
        print(right(model, words))
