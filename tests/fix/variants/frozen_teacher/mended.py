import torch
from torch import nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, width), nn.BatchNorm1d(width), nn.Linear(width, 2))

    def forward(self, x):
        return self.body(x)


class Distiller:
    def __init__(self, state):
        self.student = Net(8)
        self.teacher = Net(64)
        self.teacher.load_state_dict(state)
        self.teacher.eval()
        for p in self.teacher.parameters():
            p.requires_grad = False
        self.optimizer = torch.optim.SGD(self.student.parameters(), lr=0.1)

    def step(self, x):
        loss = F.mse_loss(self.student(x), self.teacher(x).detach())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


if __name__ == "__main__":
    distiller = Distiller(Net(64).state_dict())
    for x in torch.randn(4, 4, 8):
        distiller.step(x)
