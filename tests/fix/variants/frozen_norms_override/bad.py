import torch
from torch import nn


class Segmenter(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.head = nn.Conv2d(width, 2, 1)
        self.norm.eval()
        for parameter in self.norm.parameters():
            parameter.requires_grad = False

    def train(self, mode: bool = True) -> "Segmenter":
        """Switch the whole network."""
        super().train(mode)
        return self

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.norm(self.stem(images))))
