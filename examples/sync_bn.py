"""Tell pictures of stripes that run across from stripes that run down, on all the devices there are."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class StripeNet(nn.Module):
    def __init__(self, channels=8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels * 8 * 8, 2)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        return self.fc(x.flatten(1))


def stripes(samples):
    labels = torch.randint(0, 2, (samples,))
    waves = torch.sin(torch.arange(16) * torch.pi / 2 + 6 * torch.rand(samples, 1))
    across = waves[:, :, None].expand(samples, 16, 16)
    pictures = torch.where(labels[:, None, None] == 0, across, across.transpose(1, 2))
    return TensorDataset(pictures[:, None] + torch.randn(samples, 1, 16, 16), labels)


def train(model, loader, criterion, optimizer, device):
    model.train()
    for pictures, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(pictures.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, loader, device):
    model.eval()
    hits = 0
    for pictures, labels in loader:
        hits += (model(pictures.to(device)).argmax(dim=1).cpu() == labels).sum().item()
    return hits / len(loader.dataset)


def main():
    device = "cuda" if torch.cuda.is_available() else "cpu"
    train_loader = DataLoader(stripes(800), batch_size=40, shuffle=True)
    test_loader = DataLoader(stripes(200), batch_size=100)
    model = nn.SyncBatchNorm.convert_sync_batchnorm(StripeNet())
    model = nn.DataParallel(model).to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(1, 5):
        train(model, train_loader, criterion, optimizer, device)
        print(f"epoch {epoch}: accuracy {evaluate(model, test_loader, device):.1%}")


if __name__ == "__main__":
    main()
