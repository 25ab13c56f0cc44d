"""Tell two interleaved half moons apart. The modes are right everywhere."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class MoonNet(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 2)

    def forward(self, x):
        x = F.relu(self.norm(self.fc1(x)))
        x = F.dropout(F.relu(self.fc2(x)), 0.1, training=self.training)
        return self.fc3(x)


def train(model, loader, criterion, optimizer):
    model.train()
    for points, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(points), labels)
        loss.backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    correct = sum((model(points).argmax(dim=1) == labels).sum().item() for points, labels in loader)
    return correct / len(loader.dataset)


def half_moons(samples):
    labels = torch.randint(0, 2, (samples,))
    angle = torch.pi * torch.rand(samples)
    x = torch.where(labels == 0, angle.cos(), 1 - angle.cos())
    y = torch.where(labels == 0, angle.sin(), 0.5 - angle.sin())
    points = torch.stack([x, y], dim=1) + 0.1 * torch.randn(samples, 2)
    return TensorDataset(points, labels)


def main():
    torch.manual_seed(0)
    train_loader = DataLoader(half_moons(1000), batch_size=50, shuffle=True)
    test_loader = DataLoader(half_moons(200), batch_size=100)
    model = MoonNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(1, 11):
        train(model, train_loader, criterion, optimizer)
        print(f"epoch {epoch}: accuracy {evaluate(model, test_loader):.1%}")


if __name__ == "__main__":
    main()
