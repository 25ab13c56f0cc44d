import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 16)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.fc(x))))


def batches(count=3):
    return [(torch.randn(4, 8), torch.randint(0, 2, (4,))) for _ in range(count)]


def run_epoch(model, loader, criterion, optimizer=None):
    """Train for an epoch, or measure the loss where no optimizer is given."""
    if optimizer is not None:
        model.train()
    else:
        model.eval()
    total = 0.0
    for x, y in loader:
        loss = criterion(model(x), y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item()
    return total / len(loader)


def main():
    model = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train_loader, val_loader = batches(), batches(2)
    for epoch in range(3):
        train_loss = run_epoch(model, train_loader, criterion, optimizer)
        val_loss = run_epoch(model, val_loader, criterion)
        print(epoch, train_loss, val_loss)


if __name__ == "__main__":
    main()
