import torch
from torch import nn


class Adapted(nn.Linear):
    """A linear layer with a low-rank update, which is folded into the weight for inference."""

    def __init__(self, width, out, rank=2):
        super().__init__(width, out)
        self.down = nn.Parameter(torch.randn(rank, width))
        self.up = nn.Parameter(torch.randn(out, rank))
        self.drop = nn.Dropout(0.1)
        self.folded = False

    def train(self, mode=True):
        super().train(mode)
        if self.folded:
            self.weight.data -= self.up @ self.down
            self.folded = False
        return self

    def eval(self):
        super().eval()
        # one matrix is faster than three
        self.weight.data += self.up @ self.down
        self.folded = True
        return self

    def forward(self, x):
        if self.folded:
            return super().forward(x)
        return super().forward(x) + self.drop(x) @ self.down.T @ self.up.T


if __name__ == "__main__":
    net = nn.Sequential(Adapted(8, 8), nn.ReLU(), Adapted(8, 2))
    print(net.eval()(torch.randn(4, 8)))
