"""MR107: the switch on one object, the forward on another; and two names that are one object."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FOUND = {
    "the average runs, the model is switched": """
        def validate(model, ema, loader):
            model.eval()  # MR107 error
            with torch.no_grad():
                return [ema(x).argmax(1) for x, _ in loader]  # why

        def main(loader, val_loader, optimizer):
            model = Net()
            ema = copy.deepcopy(model)
            for epoch in range(3):
                model.train()
                for batch in loader:
                    step(model, batch, optimizer)
                validate(model, ema, val_loader)
    """,
    "one of two networks": """
        def main(loader):
            encoder, decoder = Net(), Net()
            encoder.eval()  # MR107 error
            with torch.no_grad():
                for x, _ in loader:
                    print(decoder(x).argmax(1))  # why
    """,
    "twice the same one in a row": """
        def main(loader):
            encoder, decoder = Net(), Net()
            encoder.eval()  # MR107 error
            encoder.eval()
            with torch.no_grad():
                for x, _ in loader:
                    print(decoder(encoder(x)).argmax(1))  # why
    """,
    "a train() for another": """
        def fit(model, net, loader, optimizer):
            net.train()  # MR107 error
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()  # why
                optimizer.step()

        def main(loader, optimizer):
            model, net = Net().eval(), Net()
            fit(model, net, loader, optimizer)
    """,
}

INNOCENT = {
    "one of two that is switched again in the loop": """
        def fit(encoder, head, loader, optimizer):
            encoder.train()
            head.train()
            for epoch in range(3):
                encoder.train()
                for x, y in loader:
                    optimizer.zero_grad()
                    F.cross_entropy(head(encoder(x)), y).backward()
                    optimizer.step()
                encoder.eval()
                with torch.no_grad():
                    print([encoder(x).argmax(1) for x, _ in loader])

        def main(loader, optimizer):
            fit(Net(), Net(), loader, optimizer)
    """,
    "a wrapper": """
        def main(loader):
            model = Net()
            net = nn.DataParallel(model)
            model.eval()
            with torch.no_grad():
                print([net(x).argmax(1) for x, _ in loader])
    """,
    "a function of another package that is given the model": """
        from functools import partial
        from inferers import sliding_window

        def main(loader):
            model = Net()
            infer = partial(sliding_window, size=96, predictor=model)
            model.eval()
            with torch.no_grad():
                print([infer(x).argmax(1) for x, _ in loader])
    """,
    "a short name": """
        class Predictor:
            def __init__(self):
                self.net = Net()
            def predict(self, x):
                net = self.net
                self.net.eval()
                with torch.no_grad():
                    return net(x).argmax(1)
    """,
}


@pytest.mark.parametrize("script", FOUND.values(), ids=FOUND)
def test_found_at_the_switch_and_once(script: str, agrees: Callable[[str], bool]):
    assert agrees(script)


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_left_alone(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []


def test_an_object_that_is_used_some_other_way_is_not_blamed(faults: Callable[[str], list[str]]):
    found = faults("""
        def main(loader, encoder):
            decoder = Net()
            encoder.eval()
            with torch.no_grad():
                for x, _ in loader:
                    z = encoder.encode(x)
                    print(decoder(z).argmax(1))
    """)
    assert [f.split()[0] for f in found] == ["MR103"]
