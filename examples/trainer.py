"""A regression model with a Trainer that stops early when the validation loss no longer falls."""

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


class Regressor(nn.Module):
    def __init__(self, in_features: int, hidden: int = 128, dropout: float = 0.2):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(in_features, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return self.layers(x).squeeze(1)


class Trainer:
    def __init__(self, model, train_loader, val_loader, lr=1e-3, patience=3):
        self.model = model
        self.train_loader = train_loader
        self.val_loader = val_loader
        self.criterion = nn.MSELoss()
        self.optimizer = optim.AdamW(model.parameters(), lr=lr)
        self.patience = patience

    def fit(self, epochs):
        best, bad_epochs = float("inf"), 0
        self.model.train()
        for epoch in range(epochs):
            train_loss = self.train_epoch()
            val_loss = self.validate()
            print(f"epoch {epoch:3d}  train {train_loss:.4f}  val {val_loss:.4f}")
            if val_loss < best:
                best, bad_epochs = val_loss, 0
            else:
                bad_epochs += 1
            if bad_epochs == self.patience:
                break
        return best

    def train_epoch(self):
        losses = []
        for features, target in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(features), target)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        losses = [self.criterion(self.model(features), target).item() for features, target in self.val_loader]
        return sum(losses) / len(losses)


def make_loader(samples, shuffle):
    features = torch.randn(samples, 13)
    target = features[:, 0] * features[:, 1] + 0.1 * torch.randn(samples)
    return DataLoader(TensorDataset(features, target), batch_size=50, shuffle=shuffle)


def main():
    torch.manual_seed(42)
    model = Regressor(in_features=13)
    trainer = Trainer(model, make_loader(1000, shuffle=True), make_loader(200, shuffle=False))
    print(f"best validation loss: {trainer.fit(epochs=20):.4f}")


if __name__ == "__main__":
    main()
