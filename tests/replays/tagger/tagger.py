"""Tags words: an encoder whose weights are dropped, one by one or by rows, and a head with a norm."""

import torch
from torch import nn
from torch.nn import functional as F


class DroppedLinear(nn.Module):
    """A linear layer that loses some of its weights in training; `rows` loses whole inputs."""

    def __init__(self, inputs, outputs, rate=0.5, rows=False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5)
        self.rate, self.rows = rate, rows

    def forward(self, x):
        if self.rows:
            kept = F.dropout(torch.ones(1, self.weight.shape[1]), self.rate, training=True)
            return F.linear(x, self.weight * kept)
        return F.linear(x, F.dropout(self.weight, self.rate, training=self.training))


class Tagger(nn.Module):
    def __init__(self, words=50, width=16, tags=5):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.encode = DroppedLinear(width, width)
        self.norm = nn.BatchNorm1d(width, track_running_stats=False)
        self.head = nn.Linear(width, tags)

    def forward(self, words):
        features = self.encode(self.embed(words)).mean(1)
        return self.head(torch.relu(self.norm(features)))


def train_epoch(model, batches, optimizer):
    model.train()
    for words, tags in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(words), tags).backward()
        optimizer.step()


def evaluate(model, batches):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for words, tags in batches:
            right += (model(words).argmax(1) == tags).sum().item()
            total += len(tags)
    return right / total


def main():
    torch.manual_seed(0)
    model = Tagger()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = [(torch.randint(0, 50, (8, 7)), torch.randint(0, 5, (8,))) for _ in range(4)]
    for _ in range(3):
        train_epoch(model, batches, optimizer)
        print(evaluate(model, batches))


if __name__ == "__main__":
    main()
