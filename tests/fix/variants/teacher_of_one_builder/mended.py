import torch
from torch import nn
import torch.nn.functional as F


def mlp(width):
    return nn.Sequential(nn.Linear(8, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 4))


def main():
    teacher = mlp(64)
    teacher.load_state_dict({name: tensor + 0.1 for name, tensor in mlp(64).state_dict().items()})
    teacher.eval()
    student = mlp(16)
    optimizer = torch.optim.Adam(student.parameters())
    for epoch in range(2):
        student.train()
        for x in torch.randn(3, 16, 8):
            with torch.no_grad():
                soft = teacher(x)
            loss = F.mse_loss(student(x), soft)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    main()
