import torch
from torch import nn
import torch.nn.functional as F


class Ensemble:
    def __init__(self, size):
        self.nets = [nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 2)) for _ in range(size)]
        self.optimizers = [torch.optim.SGD(net.parameters(), lr=0.1) for net in self.nets]

    def fit(self, loader, val_loader, epochs):
        for epoch in range(epochs):
            for x, y in loader:
                for net, optimizer in zip(self.nets, self.optimizers):
                    optimizer.zero_grad()
                    F.cross_entropy(net(x), y).backward()
                    optimizer.step()
            print(epoch, self.validate(val_loader))

    @torch.no_grad()
    def validate(self, val_loader):
        hits = total = 0
        for x, y in val_loader:
            votes = sum(net(x).softmax(1) for net in self.nets)
            hits += (votes.argmax(1) == y).sum().item()
            total += len(y)
        return hits / total


if __name__ == "__main__":
    data = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(4)]
    Ensemble(3).fit(data, data, 2)
