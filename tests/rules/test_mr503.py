"""MR503: one sample for a batch norm in TRAIN."""

from __future__ import annotations

import pytest
from modereview.rules import rule

FAULTY = {
    "batch_size=1": """
        def main(data):
            model = Net()
            train_loader = DataLoader(data, batch_size=1, shuffle=True)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "no batch size at all": """
        def main(data):
            model = Net()
            loader = DataLoader(data, shuffle=True)
            fit(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "a constant of the file": """
        BATCH = 1

        def main(data):
            model = Net()
            trainloader = DataLoader(data, BATCH)
            fit(model, trainloader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "one is left over of a split": """
        def main(data):
            model = Net()
            train_set, val_set = random_split(data, [801, 200])
            train_loader = DataLoader(train_set, batch_size=32)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
}
RIGHT = {
    "a unit test": """
        class TestFit:
            def test_fit(self, data):
                model = Net()
                train_loader = DataLoader(data)
                fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "left over and dropped": """
        def main(data):
            model = Net()
            train_set, val_set = random_split(data, [801, 200])
            train_loader = DataLoader(train_set, batch_size=32, drop_last=True)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "a length that comes out even": """
        def main(data):
            model = Net()
            train_set, val_set = random_split(data, [800, 201])
            train_loader = DataLoader(train_set, batch_size=32)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "evaluation one by one": """
        def main(data, train_loader):
            model = Net()
            test_loader = DataLoader(data, batch_size=1)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
            return test_loader
    """,
    "no batch norm": """
        def main(data):
            model = nn.Sequential(nn.Linear(4, 2), nn.LayerNorm(2))
            train_loader = DataLoader(data, batch_size=1, shuffle=True)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "a batch sampler": """
        def main(data, batches):
            model = Net()
            train_loader = DataLoader(data, batch_sampler=batches)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
    "a size and a length that are not in view": """
        def main(data, args):
            model = Net()
            train_loader = DataLoader(data, batch_size=args.batch_size, shuffle=True)
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
}
NOTED = {
    "one image a batch, as in image translation": """
        def main(data):
            model = Net()
            train_loader = DataLoader(data, batch_size=1)  # as in pix2pix
            fit(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    """,
}


def found(fitted, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR503").check(fitted(script))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(fitted, script):
    assert found(fitted, script) == ["warning"]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(fitted, script):
    assert found(fitted, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(fitted, script):
    assert found(fitted, script) == ["note"]
