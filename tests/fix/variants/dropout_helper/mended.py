import torch
import torch.nn as nn
import torch.nn.functional as F


def dropped(x, p=0.5, training=True):
    return F.dropout(torch.relu(x), p, training=training)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 16)
        self.fc2 = nn.Linear(16, 2)

    def forward(self, x):
        x = dropped(self.fc1(x), training=self.training)
        return dropped(self.fc2(x), p=0.1, training=self.training)


if __name__ == "__main__":
    print(Net().eval()(torch.randn(4, 8)))
