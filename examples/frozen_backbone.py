"""Train a new head on a frozen backbone, whose norms stay in EVAL. The modes are right everywhere."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Backbone(nn.Module):
    def __init__(self, features=32):
        super().__init__()
        self.fc = nn.Linear(10, features)
        self.norm = nn.BatchNorm1d(features)

    def forward(self, x):
        return torch.relu(self.norm(self.fc(x)))


class Classifier(nn.Module):
    def __init__(self, backbone, features=32):
        super().__init__()
        self.backbone = backbone.requires_grad_(False)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(features, 2))

    def train(self, mode=True):
        """The head follows the mode; the backbone keeps the statistics it came with."""
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, x):
        return self.head(self.backbone(x))


def train_epoch(model, loader, criterion, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    hits = sum((model(x).argmax(dim=1) == y).sum().item() for x, y in loader)
    return hits / len(loader.dataset)


def main():
    torch.manual_seed(0)
    x = torch.randn(1000, 10)
    y = (x.sum(dim=1) > 0).long()
    train_loader = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=40, shuffle=True)
    test_loader = DataLoader(TensorDataset(x[800:], y[800:]), batch_size=100)
    model = Classifier(Backbone())
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.head.parameters(), lr=0.02)
    for epoch in range(1, 7):
        train_epoch(model, train_loader, criterion, optimizer)
        print(f"epoch {epoch}: accuracy {evaluate(model, test_loader):.1%}")


if __name__ == "__main__":
    main()
