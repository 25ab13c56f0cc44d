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


def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def test(model, loader):
    correct = 0
    # every batch counts alike
    for x, y in loader:
        correct += model(x).argmax(1).eq(y).sum().item()
    return correct


def predict(model, x):
    model.eval()
    with torch.no_grad():
        return model(x).argmax(1)


def main():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(3):
        train(model, batches(), optimizer)
        print(test(model, batches()))
    print(predict(model, torch.randn(4, 8)))


if __name__ == "__main__":
    main()
