import torch
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, width, rate):
        super().__init__()
        self.rate = rate
        self.dropout = nn.Linear(width, width)  # an unlucky name
        self.dropout_2 = nn.Dropout(self.rate)

    def forward(self, x):
        x = self.dropout(x)
        return self.dropout_2(x)


if __name__ == "__main__":
    print(Block(8, 0.5).eval()(torch.ones(2, 8)))
