"""Cleans spectrograms: each block norms what comes, as wide as it happens to be."""

import torch
from torch import nn


class Pair(nn.Module):
    def __init__(self, narrow, wide):
        super().__init__()
        self.widen = nn.Conv1d(narrow, wide, 3, padding=1)
        self.mix = nn.Conv1d(wide, wide, 3, padding=1)

    def forward(self, sound):
        sound = self.widen(sound)
        sound = nn.BatchNorm1d(sound.size(1))(sound).relu()
        sound = self.mix(sound)
        return nn.BatchNorm1d(sound.size(1))(sound).relu()


class Cleaner(nn.Module):
    def __init__(self, bands=6, wide=8):
        super().__init__()
        self.first = Pair(bands, wide)
        self.second = Pair(wide, wide)
        self.back = nn.Conv1d(wide, bands, 1)

    def forward(self, sound):
        clean = self.second(self.first(sound))
        clean = nn.BatchNorm1d(clean.size(1))(clean)
        return self.back(clean)


if __name__ == "__main__":
    print(Cleaner()(torch.randn(4, 6, 20)).shape)
