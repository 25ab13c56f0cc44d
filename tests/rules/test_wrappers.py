"""Wrappers hand the mode through: the sticking `eval()` is found behind each of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

WRAPPED = {
    "DataParallel": "model = nn.DataParallel(model)",
    "DistributedDataParallel": "model = nn.parallel.DistributedDataParallel(model, device_ids=[0])",
    "compile": "model = torch.compile(model)",
    "to a device": "model = model.to('cuda').half()",
    "accelerate": "model, optimizer, loader = accelerator.prepare(model, optimizer, loader)",
    "fabric": "model, optimizer = fabric.setup(model, optimizer)",
}
WRAPPER = """
    def main(loader, val_loader, accelerator, fabric):
        model = Net()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        {wrapping}
        model.train()
        for epoch in range(10):
            for x, y in loader:
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)  # MR102 error
                {backward}
                optimizer.step()
            model.eval()  # why
            with torch.no_grad():
                for x, y in val_loader:
                    print(model(x).argmax(1))
"""
BACKWARD = {"accelerate": "accelerator.backward(loss)", "fabric": "fabric.backward(loss)"}


@pytest.mark.parametrize("how", WRAPPED)
def test_a_wrapper_hands_the_mode_through(how: str, agrees: Callable[[str], bool]):
    assert agrees(WRAPPER.format(wrapping=WRAPPED[how], backward=BACKWARD.get(how, "loss.backward()")))


@pytest.mark.parametrize("how", ["DataParallel", "DistributedDataParallel"])
def test_the_model_in_a_wrapper_is_the_model(how: str, agrees: Callable[[str], bool]):
    script = WRAPPER.format(wrapping=WRAPPED[how], backward="loss.backward()")
    assert agrees(script.replace("model.eval()", "model.module.eval()"))
