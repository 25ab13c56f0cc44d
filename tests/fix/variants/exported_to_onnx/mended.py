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


def export(model, path):
    example = torch.randn(1, 8)
    model.eval()
    torch.onnx.export(model, (example,), path)


def main():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    for x, y in batches(8):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    export(model, "net.pt")


if __name__ == "__main__":
    main()
