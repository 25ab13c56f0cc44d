import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        self.layers = []
        for _ in range(depth):
            self.layers.append(nn.Linear(8, 8))
            self.layers.append(nn.Dropout(0.1))
        self.heads = {"a": nn.Linear(8, 2), "b": nn.Linear(8, 3)}

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return {name: head(x) for name, head in self.heads.items()}


if __name__ == "__main__":
    print(Net().eval()(torch.ones(2, 8)))
