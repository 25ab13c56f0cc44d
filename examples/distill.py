"""A large teacher learns rings; a small student learns from its logits. The modes are right everywhere."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

TEMPERATURE = 3.0


class RingNet(nn.Module):
    def __init__(self, hidden, dropout):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(hidden, 3)

    def forward(self, x):
        return self.fc2(self.dropout(torch.relu(self.norm(self.fc1(x)))))


def rings(samples):
    labels = torch.randint(0, 3, (samples,))
    angle = 2 * torch.pi * torch.rand(samples)
    radius = 1.0 + labels + 0.25 * torch.randn(samples)
    return TensorDataset(torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), labels)


def train_teacher(teacher, loader, optimizer):
    teacher.train()
    for points, labels in loader:
        optimizer.zero_grad()
        F.cross_entropy(teacher(points), labels).backward()
        optimizer.step()


def distill(student, teacher, loader, optimizer):
    teacher.eval()
    student.train()
    for points, _ in loader:
        with torch.no_grad():
            target = F.softmax(teacher(points) / TEMPERATURE, dim=1)
        optimizer.zero_grad()
        guess = F.log_softmax(student(points) / TEMPERATURE, dim=1)
        F.kl_div(guess, target, reduction="batchmean").backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    hits = sum((model(points).argmax(dim=1) == labels).sum().item() for points, labels in loader)
    return hits / len(loader.dataset)


def main():
    torch.manual_seed(0)
    train_loader = DataLoader(rings(1200), batch_size=60, shuffle=True)
    test_loader = DataLoader(rings(300), batch_size=100)
    teacher, student = RingNet(64, 0.2), RingNet(16, 0.0)
    teacher_optimizer = torch.optim.Adam(teacher.parameters(), lr=0.01)
    student_optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
    for _ in range(5):
        train_teacher(teacher, train_loader, teacher_optimizer)
    for epoch in range(1, 6):
        distill(student, teacher, train_loader, student_optimizer)
        print(f"epoch {epoch}: student {evaluate(student, test_loader):.1%}")
    print(f"teacher {evaluate(teacher, test_loader):.1%}")


if __name__ == "__main__":
    main()
