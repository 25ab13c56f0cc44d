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


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(3):
    running = 0.0
    for x, y in batches():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        running += loss.item()

    model.eval()
    with torch.no_grad():
        for x, y in batches():
            running -= F.cross_entropy(model(x), y).item()
    print(epoch, running)
