import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 16)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.fc(x))))


def batches(count=2):
    return [(torch.randn(4, 8), torch.randint(0, 2, (4,))) for _ in range(count)]


class Trainer:
    def __init__(self, net, optimizer):
        self.net = net
        self.optimizer = optimizer

    def train_one_epoch(self, loader):
        total = 0.0
        for x, y in loader:
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.net(x), y)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total

    @torch.no_grad()
    def evaluate(self, loader):
        """Mean accuracy over a loader."""
        correct = count = 0
        for x, y in loader:
            correct += (self.net(x).argmax(1) == y).sum().item()
            count += len(y)
        return correct / count

    def fit(self, epochs):
        for epoch in range(epochs):
            self.train_one_epoch(batches())
            print(epoch, self.evaluate(batches()))


if __name__ == "__main__":
    net = Net()
    Trainer(net, torch.optim.SGD(net.parameters(), lr=0.1)).fit(3)
