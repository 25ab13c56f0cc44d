"""The networks of `pretrainer.py`."""

import torch
from torch import nn


class Encoder(nn.Module):
    """Words in the middle of others."""

    def __init__(self, words, width=256, heads=8):
        super().__init__()
        self.width = width
        self.embed = nn.Embedding(words, width, padding_idx=0)
        self.mix = nn.MultiheadAttention(width, heads, batch_first=True)
        self.drop = nn.Dropout(0.1)

    def forward(self, words):
        x = self.embed(words)
        return self.drop(self.mix(x, x, x, key_padding_mask=words == 0)[0])


class WordModel(nn.Module):
    """Guesses the words that are hidden."""

    def __init__(self, encoder, words):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.width, words)

    def forward(self, words):
        return torch.log_softmax(self.head(self.encoder(words)), dim=-1)
