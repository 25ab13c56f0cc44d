import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten())
        self.head = nn.LazyLinear(2)

    def forward(self, x):
        return self.head(self.features(x))


def main():
    model = Net()
    model.eval()
    with torch.no_grad():
        model(torch.zeros(2, 3, 8, 8))  # lets the lazy layer see its shape
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x in torch.randn(4, 2, 3, 8, 8):
        optimizer.zero_grad()
        model(x).pow(2).mean().backward()
        optimizer.step()


if __name__ == "__main__":
    main()
