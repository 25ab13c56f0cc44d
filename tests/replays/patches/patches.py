"""Reads pages as patches of which some are left out, so that each is seen in another way."""

import torch
from torch import nn


def patches_of(page, size):
    """The square patches of a page, a row each."""
    parts = page.unfold(0, size, size).unfold(1, size, size)
    return parts.reshape(-1, size * size)


class PageReader(nn.Module):
    def __init__(self, size=4, width=16, classes=5, patch_dropout=0.5):
        super().__init__()
        self.size = size
        self.keep = 1 - patch_dropout
        self.embed = nn.Linear(size * size, width)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, pages):
        has_patch_dropout = self.keep < 1
        read = []
        for page in pages:
            rows = self.embed(patches_of(page, self.size))
            if has_patch_dropout:
                count = max(1, int(len(rows) * self.keep))
                rows = rows[torch.randn(len(rows)).topk(count).indices]
            read.append(self.norm(rows).mean(0))
        return self.head(torch.stack(read))


if __name__ == "__main__":
    reader = PageReader()
    print(reader(torch.randn(3, 16, 12)).shape)
