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
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def sample(self, x):
        was_training = self.model.training
        self.model.eval()
        with torch.no_grad():
            out = self.model(x).softmax(1)
        self.model.train(was_training)
        return out

    def evaluate(self, loader):
        was_training = self.model.training
        self.model.eval()
        losses = []
        with torch.no_grad():
            for x, y in loader:
                losses.append(F.cross_entropy(self.model(x), y).item())
        self.model.train(was_training)
        return sum(losses) / len(losses)

    def fit(self):
        self.model.train()
        for step, (x, y) in enumerate(batches(8)):
            self.optimizer.zero_grad()
            F.cross_entropy(self.model(x), y).backward()
            self.optimizer.step()
            if step % 4 == 0:
                print(self.evaluate(batches()), self.sample(x)[0])


if __name__ == "__main__":
    Trainer(Net()).fit()
