"""A first neural network: three kinds of points in 20 dimensions, told apart by a small net."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)

BATCH_SIZE = 32
LEARNING_RATE = 1e-3
EPOCHS = 5

device = "cuda" if torch.cuda.is_available() else "cpu"


class Net(nn.Module):
    def __init__(self, in_features, num_classes):
        super().__init__()
        self.fc1 = nn.Linear(in_features, 64)
        self.bn1 = nn.BatchNorm1d(64)
        self.dropout = nn.Dropout(0.3)
        self.fc2 = nn.Linear(64, num_classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(x)))
        return self.fc2(self.dropout(x))


def run_training_epoch(model, loader, criterion, optimizer):
    total_loss = 0.0
    for inputs, labels in loader:
        inputs, labels = inputs.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(inputs)
    return total_loss / len(loader.dataset)


def run_validation_epoch(model, loader, criterion):
    model.eval()
    total_loss, correct = 0.0, 0
    with torch.no_grad():
        for inputs, labels in loader:
            inputs, labels = inputs.to(device), labels.to(device)
            outputs = model(inputs)
            total_loss += criterion(outputs, labels).item() * len(inputs)
            correct += (outputs.argmax(dim=1) == labels).sum().item()
    return total_loss / len(loader.dataset), correct / len(loader.dataset)


centers = 2 * torch.randn(3, 20)
labels = torch.randint(0, 3, (1200,))
dataset = TensorDataset(centers[labels] + 3 * torch.randn(1200, 20), labels)
train_set, val_set = random_split(dataset, [1000, 200])
train_loader = DataLoader(train_set, batch_size=BATCH_SIZE, shuffle=True, drop_last=True)
val_loader = DataLoader(val_set, batch_size=BATCH_SIZE)

model = Net(20, 3).to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

model.train()
for epoch in range(EPOCHS):
    train_loss = run_training_epoch(model, train_loader, criterion, optimizer)
    val_loss, val_accuracy = run_validation_epoch(model, val_loader, criterion)
    print(f"epoch {epoch + 1}: train {train_loss:.3f}, val {val_loss:.3f}, accuracy {val_accuracy:.1%}")
