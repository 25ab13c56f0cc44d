"""Scripts as people write them: each is mended by one line, and every other byte stays.

All are reviewed together, once; each test looks at one of them.
"""

from __future__ import annotations

import re

import pytest

MODEL = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.fc = nn.Linear(6, width)
        self.bn = nn.BatchNorm1d(width)

    def forward(self, x):
        return self.bn(self.fc(x))
"""
LOADER = """
    data = torch.utils.data.TensorDataset(torch.randn(64, 6), torch.randint(0, 8, (64,)))
    loader = torch.utils.data.DataLoader(data, batch_size=16)
"""
NAMESPACE = f"""\
import argparse

{MODEL}

def train(args, model, device, train_loader, optimizer, epoch):
    for batch, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        if batch % args.log_interval == 0:
            print(epoch, batch, loss.item())
            if args.dry_run:
                break


def test(model, device, test_loader):
    model.eval()
    right = 0
    with torch.no_grad():
        for data, target in test_loader:
            right += (model(data.to(device)).argmax(1) == target.to(device)).sum().item()
    print(right / len(test_loader.dataset))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--log-interval", type=int, default=10)
    args = parser.parse_args()
    device = torch.device("cpu")
    model = Net().to(device)
    optimizer = torch.optim.Adadelta(model.parameters())
{LOADER}
    for epoch in range(1, args.epochs + 1):
        train(args, model, device, loader, optimizer, epoch)
        test(model, device, loader)


if __name__ == "__main__":
    main()
"""
TRAINER = f"""\
{MODEL}

class Trainer:
    def __init__(self, model, loader):
        self.model = model
        self.loader = loader
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def fit(self, epochs):
        for _ in range(epochs):
            self.train_epoch()
            self.validate()

    def train_epoch(self):
        for x, y in self.loader:
            self.optimizer.zero_grad()
            nn.functional.cross_entropy(self.model(x), y).backward()
            self.optimizer.step()

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        return [self.model(x).argmax(1) for x, _ in self.loader]


if __name__ == "__main__":{LOADER}
    Trainer(Net(), loader).fit(3)
"""
SIBLING = f"""\
import torch
from torch import nn

from models import Net


def train_epoch(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        return [model(x).argmax(1) for x, _ in loader]


if __name__ == "__main__":
    model = Net()
    optimizer = torch.optim.Adam(model.parameters()){LOADER}
    for epoch in range(3):
        train_epoch(model, loader, optimizer)
        evaluate(model, loader)
"""
ARGPARSE = f"""\
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=8)
parser.add_argument("--data", required=True)
args = parser.parse_args()

{MODEL}

model = Net(args.width)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


def validate(loader):
    model.eval()
    with torch.no_grad():
        return [model(x) for x, _ in loader]


if __name__ == "__main__":{LOADER}
    for epoch in range(3):
        train(loader)
        validate(loader)
"""
WITHOUT_EVAL = """
def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


def fit(model, loader, optimizer):
    for epoch in range(3):
        train(model, loader, optimizer)
        validate(model, loader)


@torch.no_grad()
def validate(model, loader):
    return [model(x).argmax(1) for x, _ in loader]"""
NO_LAST_NEWLINE = f"{MODEL}\n\nnet = Net()\n{WITHOUT_EVAL}"


def tabbed(text: str) -> str:
    return re.sub("^(?:    )+", lambda spaces: "\t" * (len(spaces[0]) // 4), text, flags=re.M)


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def latin(text: str) -> bytes:
    return f"# -*- coding: latin-1 -*-\n# Entra\u00eenement\n{text}".encode("latin-1")


def page_breaks(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.replace("\n\n\ndef", "\n\n\f\ndef").encode()


# name -> (the script, the line that the review puts in, and what that one stands before)
STYLES = {
    "namespace.py": (NAMESPACE.encode(), b"    model.train()\n", b"    for batch, (data"),
    "trainer.py": (TRAINER.encode(), b"        self.model.train()\n", b"        for x, y in self.loader"),
    "sibling.py": (SIBLING.encode(), b"    model.train()\n", b"    for x, y in loader"),
    "argparse_on_top.py": (ARGPARSE.encode(), b"    model.train()\n", b"    for x, y in loader"),
    "tabs.py": (tabbed(NAMESPACE).encode(), b"\tmodel.train()\n", b"\tfor batch, (data"),
    "crlf.py": (crlf(SIBLING).encode(), b"    model.train()\r\n", b"    for x, y in loader"),
    "latin.py": (latin(SIBLING), b"    model.train()\n", b"    for x, y in loader"),
    "page_breaks.py": (page_breaks(SIBLING), b"    model.train()\n", b"    for x, y in loader"),
    "no_last_newline.py": (NO_LAST_NEWLINE.encode(), b"    model.eval()\n", b"    return [model(x)"),
}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory, modereview, contents):
    root = tmp_path_factory.mktemp("styles")
    (root / "models.py").write_text(MODEL)
    for name, (script, _, _) in STYLES.items():
        (root / name).write_bytes(script)
    return modereview(*(root / name for name in STYLES)), contents(root)


@pytest.mark.parametrize("name", STYLES)
def test_one_line_mends_it_and_every_other_byte_stays(reviewed, name):
    ran, files = reviewed
    script, line, before = STYLES[name]
    assert script.count(before) == 1
    assert files[name] == script.replace(before, line + before), ran.text


def test_all_are_proved(reviewed):
    ran, _ = reviewed
    assert ran.code == 0
    assert ran.text.count("= proved: ") == len(STYLES)
