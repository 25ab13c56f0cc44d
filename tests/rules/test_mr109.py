"""MR109: models that arrive in EVAL and are trained so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LOOP = """
from {library} import {maker}

def main(loader):
    model = {maker}.from_pretrained("name")
    optimizer = torch.optim.AdamW(model.parameters())
    {switch}
    for batch in loader:
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()
"""
MODULE = """
import lightning as L
from transformers import AutoModel, AutoTokenizer

class Tuned(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained("name")
        self.bert = AutoModel.from_pretrained("name")
        {extra}

    def training_step(self, batch, index):
        return self.bert(**batch).loss
"""


@pytest.mark.parametrize(("library", "maker"), [("transformers", "AutoModel"), ("diffusers", "UNet2DModel")])
def test_a_loop_of_ones_own(library: str, maker: str, faults: Callable[[str], list[str]]):
    found = faults(LOOP.format(library=library, maker=maker, switch=""))
    assert found == ["MR109 warning model(**batch).loss.backward()"]


def test_lightning_keeps_the_mode(faults: Callable[[str], list[str]]):
    assert faults(MODULE.format(extra="")) == ['MR109 warning self.bert = AutoModel.from_pretrained("name")']


INNOCENT = {
    "switched": LOOP.format(library="transformers", maker="AutoModel", switch="model.train()"),
    "a library that returns TRAIN": LOOP.format(
        library="efficientnet_pytorch", maker="EfficientNet", switch=""
    ),
    "a loader that nobody knows": LOOP.format(library="mylib", maker="Model", switch=""),
    "Lightning, switched": MODULE.format(extra="self.bert.train()"),
    "Lightning, frozen": MODULE.format(extra="self.bert.requires_grad_(False)"),
}


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_left_alone(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []
