"""Captions images: an encoder of patches, a decoder of words, a config with every size in it."""

import torch
from torch import nn
from torch.nn import functional as F


class Captioner(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        vision, text = cfg["vision"], cfg["text"]
        self.patch = vision["patch"]
        self.grid = vision["image"] // vision["patch"]
        self.embed = nn.Conv2d(3, text["width"], vision["patch"], stride=vision["patch"])
        self.position = nn.Parameter(torch.zeros(self.grid * self.grid, text["width"]))
        self.words = nn.Embedding(text["words"], text["width"], padding_idx=text["pad"])
        self.decoder = nn.TransformerDecoderLayer(
            text["width"], text["heads"], text["hidden"], dropout=text["dropout"], batch_first=True
        )
        self.head = nn.Linear(text["width"], text["words"])
        self.pad = text["pad"]

    def forward(self, batch):
        image, words, lengths = batch["image"], batch["words"], batch["lengths"]
        assert image.shape[-1] == self.grid * self.patch, "the image has another size"
        memory = self.embed(image).flatten(2).transpose(1, 2) + self.position
        mask = torch.arange(words.shape[1])[None, :] >= lengths[:, None]
        decoded = self.decoder(self.words(words), memory, tgt_key_padding_mask=mask)
        return {"logits": self.head(decoded), "mask": ~mask}


def caption_loss(output, batch):
    target = batch["words"][:, 1:][output["mask"][:, 1:]]
    logits = output["logits"][:, :-1][output["mask"][:, 1:]]
    return {"total": F.cross_entropy(logits, target), "words": target.numel()}


def train_epoch(model, batches, optimizer):
    model.train()
    for batch in batches:
        optimizer.zero_grad()
        losses = caption_loss(model(batch), batch)
        losses["total"].backward()
        optimizer.step()


def evaluate(model, batches):
    total, words = 0.0, 0
    with torch.no_grad():
        for batch in batches:
            losses = caption_loss(model(batch), batch)
            total += losses["total"].item() * losses["words"]
            words += losses["words"]
    return total / words


def main(path):
    import json

    with open(path) as file:
        cfg = json.load(file)
    model = Captioner(cfg["model"])
    train, held_out = torch.load(cfg["data"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg["lr"])
    for epoch in range(cfg["epochs"]):
        train_epoch(model, train, optimizer)
        print(epoch, evaluate(model, held_out))


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
