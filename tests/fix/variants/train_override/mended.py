import torch
from torch import nn


class Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(self.bn(self.conv(x)))

    def train(self, mode: bool = True):
        # the norm stays frozen
        super().train(mode)
        self.bn.eval()
        return self


if __name__ == "__main__":
    print(Backbone()(torch.randn(2, 3, 8, 8)).shape)
