"""MR110: a graph that is switched off with no block to end it, and reaches training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

SCRIPT = """
        def validate(model, loader):
            model.eval()
            {off}
            print([model(x).argmax(1) for x, _ in loader])
            {back}

        def main(loader, val_loader, optimizer):
            model = Net()
            for epoch in range(3):
                model.train()
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(model(x), y).backward()
                    optimizer.step()
                validate(model, val_loader)
"""


@pytest.mark.parametrize("off", ["torch.set_grad_enabled(False)", "torch.no_grad().__enter__()"])
def test_left_off(off: str, faults: Callable[[str], list[str]]):
    assert faults(SCRIPT.format(off=off, back="")) == [f"MR110 error {off}"]


def test_on_again_before_the_training(faults: Callable[[str], list[str]]):
    off, on = "torch.set_grad_enabled(False)", "torch.set_grad_enabled(True)"
    assert faults(SCRIPT.format(off=off, back=on)) == []


INNOCENT = {
    "a switch that is given back as it was found": """
        def main(loaders, optimizer):
            model = Net()
            for epoch in range(3):
                for phase in ["train", "val"]:
                    if phase == "val":
                        before = torch.is_grad_enabled()
                        torch.set_grad_enabled(False)
                    model.train(phase == "train")
                    for x, y in loaders[phase]:
                        optimizer.zero_grad()
                        loss = F.cross_entropy(model(x), y)
                        if phase == "train":
                            loss.backward()
                            optimizer.step()
                    if phase == "val":
                        torch.set_grad_enabled(before)
    """,
    "a script that only infers": """
        torch.set_grad_enabled(False)
        model = Net().eval()
        print(model(torch.randn(2, 4)).argmax(1))
    """,
    "the phase idiom": """
        def main(loaders, optimizer):
            model = Net()
            for phase in ["train", "val"]:
                model.train(phase == "train")
                for x, y in loaders[phase]:
                    optimizer.zero_grad()
                    torch.set_grad_enabled(phase == "train")
                    loss = F.cross_entropy(model(x), y)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
    """,
}


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_left_alone(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []
