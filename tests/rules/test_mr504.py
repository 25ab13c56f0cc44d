"""MR504: probes that count as a batch for the running statistics."""

from __future__ import annotations

import pytest
from modereview.rules import rule

FAULTY = {
    "a look at the shape": """
        def main(loader):
            model = Net()
            print(model(torch.rand(8, 4)).shape)
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "a named dummy, at the top level": """
        model = Net()
        dummy = torch.zeros(2, 4).to("cpu")
        model(dummy)
        fit(model, [], torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "torchsummary": """
        from torchsummary import summary

        def main(loader):
            model = Net()
            summary(model, (4,))
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
}
RIGHT = {
    "in EVAL": """
        def main(loader):
            model = Net().eval()
            print(model(torch.rand(8, 4)).shape)
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "given data under its old name": """
        def main(loader, batch):
            model = Net()
            batch = batch.float()
            print(model(batch).shape)
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "a file that tries its model out": """
        if __name__ == "__main__":
            model = Net()
            print(model(torch.rand(8, 4)).shape)
    """,
    "torchinfo switches by itself": """
        from torchinfo import summary

        def main(loader):
            model = Net()
            summary(model, (8, 4))
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "no batch norm": """
        def main(loader):
            model = nn.Sequential(nn.Linear(4, 2), nn.Dropout())
            print(model(torch.rand(8, 4)).shape)
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "trained on noise": """
        def main():
            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(3):
                optimizer.zero_grad()
                model(torch.rand(8, 4)).sum().backward()
                optimizer.step()
    """,
    "real data": """
        def main(loader):
            model = Net()
            x, y = next(iter(loader))
            print(model(x).shape)
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "a probe of layers without a norm": """
        class Sized(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 8, 3)
                self.norm = nn.BatchNorm2d(8)
                self.width = self.conv(torch.zeros(1, 3, 32, 32)).shape[-1]
    """,
}
NOTED = {
    "in __init__, of layers just built": """
        class Sized(nn.Module):
            def __init__(self):
                super().__init__()
                self.features = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten())
                with torch.no_grad():
                    width = self.features(torch.zeros(1, 3, 32, 32)).shape[1]
                self.fc = nn.Linear(width, 2)
    """,
    "the norms adapt on purpose": """
        def main(loader):
            model = Net()
            model(torch.rand(8, 4))  # recalibrates the norms
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
}


def found(fitted, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR504").check(fitted(script))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(fitted, script):
    assert found(fitted, script) == ["warning"]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(fitted, script):
    assert found(fitted, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(fitted, script):
    assert found(fitted, script) == ["note"]
