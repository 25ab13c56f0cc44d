"""Pretraining: the networks are of another file, and what is tested on has a default."""

import os

import torch
from nets import Encoder, WordModel
from torch import nn


class Pretrainer:
    """Trains a model of words on what the encoder is given."""

    def __init__(self, encoder: Encoder, words, loader, folder, held_out=None, rate=1e-3, log_every=10):
        self.encoder = encoder
        self.model = WordModel(encoder, words)
        self.loader, self.held_out = loader, held_out
        self.folder, self.log_every = folder, log_every
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=rate)
        self.criterion = nn.NLLLoss(ignore_index=0)

    def train(self, epoch):
        self.model.train()
        for step, batch in enumerate(self.loader):
            guessed = self.model(batch["hidden"])
            loss = self.criterion(guessed.transpose(1, 2), batch["words"])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if step % self.log_every == 0:
                print(f"epoch {epoch}, step {step}: {loss.item():.3f}")
        torch.save(self.encoder.state_dict(), os.path.join(self.folder, f"encoder-{epoch}.pt"))

    def test(self, epoch):
        right = seen = 0
        with torch.no_grad():
            for batch in self.held_out:
                guessed = self.model(batch["hidden"]).argmax(-1)
                right += (guessed == batch["words"]).sum().item()
                seen += batch["words"].numel()
        print(f"epoch {epoch}: {right / seen:.1%} of the hidden words")
        return right / seen
