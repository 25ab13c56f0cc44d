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


@pytest.mark.parametrize("manager", ["accelerator.accumulate(model)", "model.no_sync()"])
def test_what_only_delays_the_gradients_is_no_switch(manager: str, faults: Callable[[str], list[str]]):
    script = LOOP.format(library="transformers", maker="AutoModel", switch="")
    inner = "        model(**batch).loss.backward()\n"
    assert faults(script.replace(inner, f"        with {manager}:\n    {inner}")) == [
        "MR109 warning model(**batch).loss.backward()"
    ]


INNOCENT = {
    "switched": LOOP.format(library="transformers", maker="AutoModel", switch="model.train()"),
    "a library that returns TRAIN": LOOP.format(
        library="efficientnet_pytorch", maker="EfficientNet", switch=""
    ),
    "a loader that nobody knows": LOOP.format(library="mylib", maker="Model", switch=""),
    "one that a helper freezes, in front of what is trained": """
        from transformers import CLIPTextModel, CLIPVisionModel

        def freeze_params(params):
            for param in params:
                param.requires_grad = False

        def main(loader):
            encoder = CLIPTextModel.from_pretrained("name")
            model = CLIPVisionModel.from_pretrained("name")
            freeze_params(encoder.parameters())
            optimizer = torch.optim.AdamW(model.parameters())
            encoder.eval()
            model.train()
            for batch in loader:
                optimizer.zero_grad()
                F.mse_loss(model(encoder(batch["ids"])[0]), batch["y"]).backward()
                optimizer.step()
    """,
    "Lightning, switched": MODULE.format(extra="self.bert.train()"),
    "Lightning, frozen": MODULE.format(extra="self.bert.requires_grad_(False)"),
}


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_left_alone(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []
