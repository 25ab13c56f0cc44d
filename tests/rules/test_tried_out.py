"""A model that is only tried out gives nobody's results: a note. What evaluates stays a fault."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program, Severity
from modereview.rules import check

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout()

    def forward(self, x):
        return self.drop(x)


"""

TRIED_OUT = {
    "a loaded network on made-up numbers, as a file is run by itself": """
        import numpy as np

        if __name__ == "__main__":
            net = Net()
            net.load_state_dict(torch.load("net.pt"))
            x = np.random.randn(2, 4).astype(np.float32)
            x = torch.from_numpy(x)
            with torch.no_grad():
                out = net(x)
            print(out[0], out.shape)
    """,
    "two implementations held against each other": """
        from zoo import build, fill

        def compare(size):
            x = torch.randn(2, size)
            model = build(size)
            reference = Net()
            fill(reference)
            with torch.no_grad():
                torch.testing.assert_close(model(x), reference(x))
    """,
    "parameters filled where nothing trains": """
        def main():
            net = Net()
            for p in net.parameters():
                nn.init.constant_(p, 0.5)
            with torch.no_grad():
                print(net(read_image()).argmax(1))
    """,
    "a layer with weights of its own by that name": """
        class Weighted(nn.Module):
            def __init__(self):
                super().__init__()
                self.drop, self.weights = nn.Dropout(), nn.Parameter(torch.ones(4))

            def forward(self, x):
                return self.drop(x) * self.weights.view(1, 4)

        layer = Weighted()
        with torch.no_grad():
            print(layer(read_image()).mean())
    """,
    "a reference with the weights of the layer at hand": """
        def reference(state):
            net = Net()
            net.load_state_dict({k: v.cpu() for k, v in state["net"].state_dict().items()})
            with torch.no_grad():
                return net(state["x"])
    """,
    "one network for each size": """
        for size in (8, 16, 32):
            net = Net()
            with torch.no_grad():
                print(size, net(read_image(size)).mean())
    """,
    "a property of a layer, tested": """
        def test_symmetry(layer, x):
            return (layer(x) - layer(x.flip(0)).flip(0)).abs().max()

        for size in (4, 8):
            net = Net()
            print(size, test_symmetry(net, read_image(size)))
    """,
    "each item of what it gives": """
        x = torch.randn(2, 4)
        net = Net()
        once, again = [row.sum() for row in net(x).data], [row.sum() for row in net(x).data]
        assert once[0] != again[0]
    """,
    "a recurrent network of one layer, which drops nowhere": """
        def evaluate(loader):
            net = nn.LSTM(4, 4, dropout=0.5)
            net.load_state_dict(torch.load("net.pt"))
            return [net(x) for x in loader]
    """,
    "another framework's model": """
        import tensorflow as tf

        def build(units):
            inputs = tf.keras.layers.Input(shape=(1,))
            deep_model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
            return tf.keras.Model(inputs=inputs, outputs=deep_model(inputs))

        def evaluate(loader):
            return [build(1)(x) for x in loader]
    """,
    "made-up inputs again and again, with what came out": """
        if __name__ == "__main__":
            net = Net()
            x, memory = torch.rand(1, 4), [torch.zeros(1, 4), torch.zeros(1, 4)]
            with torch.no_grad():
                for _ in range(10):
                    y, memory = net(x, *memory)
                    print([m.shape for m in memory])
    """,
    "a layer in view, kept as the model of a wrapper": """
        class Flow(nn.Module):
            def __init__(self, model):
                super().__init__()
                self.model = model

            @torch.no_grad()
            def sample(self, x):
                return self.model(x)

            def forward(self, x):
                return self.model(x).mean()

        flow = Flow(nn.Conv2d(3, 3, 1))
        flow(read_image()).backward()
        print(flow.sample(read_image()).argmax(1))
    """,
    "a quantized copy of a model without such a layer": """
        model = nn.Sequential(nn.Linear(4, 4))
        model.load_state_dict(torch.load("net.pt"))
        model = torch.quantization.quantize_dynamic(model, {nn.Linear}, torch.qint8)
        with torch.no_grad():
            print(model(read_image()).argmax(1))
    """,
}
EVALUATED = {
    "what a loaded network makes of noise, kept": """
        if __name__ == "__main__":
            net = Net()  # why
            net.load_state_dict(torch.load("net.pt"))
            z = torch.randn(4, 4)
            with torch.no_grad():
                save_image(net(z), "drawn.png")  # MR103 error
    """,
    "weights of a file": """
        net = Net()  # why
        net.load_state_dict(torch.load("net.pt"))
        with torch.no_grad():
            print(net(read_image()).argmax(1))  # MR103 error
    """,
    "a network for each fold that runs over data": """
        for fold in folds:
            net = Net()  # why
            with torch.no_grad():
                for x in fold:
                    print(net(x).argmax(1))  # MR103 error
    """,
    "a quantized copy": """
        net = Net()  # why
        net.load_state_dict(torch.load("net.pt"))
        net = torch.quantization.quantize_dynamic(net, {nn.Linear}, torch.qint8)
        with torch.no_grad():
            print(net(read_image()).argmax(1))  # MR103 error
    """,
    "a copy of what was trained": """
        def main(loader, x):
            net, copied = Net(), Net()  # why
            optimizer = torch.optim.SGD(net.parameters(), 0.1)
            for batch in loader:
                step(net, batch, optimizer)
            copied.load_state_dict(net.state_dict())
            with torch.no_grad():
                print(copied(x).argmax(1))  # MR103 error
    """,
}


@pytest.mark.parametrize("script", TRIED_OUT.values(), ids=TRIED_OUT.keys())
def test_what_is_tried_out_is_at_most_a_note(program: Callable[[str], Program], script: str):
    found = check(program(NET + dedent(script)))
    assert all(finding.severity is Severity.NOTE for finding in found)


@pytest.mark.parametrize("script", EVALUATED.values(), ids=EVALUATED.keys())
def test_what_evaluates_stays_a_fault(agrees: Callable[[str], bool], script: str):
    assert agrees(script)
