import copy

import torch
from torch import nn
import torch.nn.functional as F


def build(width):
    return nn.Sequential(nn.Linear(8, width), nn.Dropout(0.3), nn.Linear(width, 2))


class Distiller:
    def __init__(self, state=None):
        self.student, self.teacher = build(8), build(64)
        self.teacher.load_state_dict(state or copy.deepcopy(self.teacher.state_dict()))
        self.optimizer = torch.optim.SGD(self.student.parameters(), lr=0.1)

    def loss(self, x):
        with torch.no_grad():
            soft = self.teacher(x).softmax(1)
        return F.cross_entropy(self.student(x), soft)

    def fit(self, batches, epochs=3):
        for epoch in range(epochs):
            self.student.train(); self.teacher.eval()  # both
            for x in batches:
                self.optimizer.zero_grad()
                self.loss(x).backward()
                self.optimizer.step()


if __name__ == "__main__":
    Distiller().fit(torch.randn(4, 16, 8))
