"""Predict the next value of a noisy wave from the sixteen before it."""

import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

WINDOW = 16


class Forecaster(nn.Module):
    def __init__(self, window=WINDOW, hidden=64):
        super().__init__()
        self.encoder = nn.Linear(window, hidden)
        self.middle = nn.Linear(hidden, hidden)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.relu(self.encoder(x))
        x = nn.Dropout(0.5)(x)
        x = torch.relu(self.middle(x))
        return self.head(x)


def train_epoch(model, loader, optimizer, loss_fn):
    model.train()
    total = 0.0
    for window, following in loader:
        loss = loss_fn(model(window), following)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


@torch.no_grad()
def validate(model, loader, loss_fn):
    model.eval()
    total = 0.0
    for window, following in loader:
        total += loss_fn(model(window), following).item()
    return total / len(loader)


def windows(length):
    """Every stretch of a wave, (length, WINDOW), and the value after it, (length, 1)."""
    time = torch.arange(length + WINDOW, dtype=torch.float32)
    wave = torch.sin(2 * math.pi * time / 25) + 0.1 * torch.randn(len(time))
    stretches = wave.unfold(0, WINDOW + 1, 1)
    return TensorDataset(stretches[:, :WINDOW], stretches[:, WINDOW:])


if __name__ == "__main__":
    torch.manual_seed(3)
    train_loader = DataLoader(windows(2000), batch_size=32, shuffle=True)
    val_loader = DataLoader(windows(400), batch_size=100)
    model = Forecaster()
    loss_fn = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(5):
        train_loss = train_epoch(model, train_loader, optimizer, loss_fn)
        print(f"epoch {epoch}: {train_loss:.4f} {validate(model, val_loader, loss_fn):.4f}")
