"""MR207: norm layers frozen once, and thawed by the next train()."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program
from modereview.rules.mr207 import RULE

HEAD = """\
import torchvision
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "a norm layer": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.fc = nn.Linear(4, 4)
                self.norm = nn.BatchNorm1d(4)
                self.norm.eval()
    """,
        ["warning self.norm.eval()"],
    ),
    "an override that only hands the switch on": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.fc = nn.Linear(4, 4)
                self.norm = nn.BatchNorm1d(4)
                self.norm.eval()

            def train(self, mode=True):
                super().train(mode)
                return self
    """,
        ["warning self.norm.eval()"],
    ),
    "an override that returns what super gives": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.fc = nn.Linear(4, 4)
                self.norm = nn.BatchNorm1d(4)
                self.norm.eval()

            def train(self, mode=True):
                return super().train(mode)
    """,
        ["warning self.norm.eval()"],
    ),
    "all norm layers": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)
                for m in self.modules():
                    if isinstance(m, nn.BatchNorm1d):
                        m.eval()
    """,
        ["warning for m in self.modules():"],
    ),
    "with train(False)": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)
                for m in self.modules():
                    if isinstance(m, nn.BatchNorm1d):
                        m.train(False)
    """,
        ["warning for m in self.modules():"],
    ),
    "in a method of the class": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)
                self._freeze()

            def _freeze(self):
                for m in self.modules():
                    if not isinstance(m, nn.BatchNorm1d):
                        continue
                    m.eval()
    """,
        ["warning self._freeze()"],
    ),
    "a backbone": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.backbone = torchvision.models.resnet18()
                self.head = nn.Linear(4, 2)
                self.backbone.eval()
    """,
        ["warning self.backbone.eval()"],
    ),
    "with apply": (
        """
        def set_bn_eval(m):
            if m.__class__.__name__.find('BatchNorm') != -1:
                m.eval()

        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)
                self.apply(set_bn_eval)
    """,
        ["warning self.apply(set_bn_eval)"],
    ),
    "before the loop": (
        """
        def freeze_bn(net):
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

        def main(model, loader, optimizer):
            freeze_bn(model)
            for x in loader:
                model.train()
                model(x).sum().backward()
                optimizer.step()
    """,
        ["warning freeze_bn(model)"],
    ),
    "before the loop, with apply": (
        """
        def set_bn_eval(m):
            if m.__class__.__name__.find('BatchNorm') != -1:
                m.eval()

        def main(model, loader, optimizer):
            model.apply(set_bn_eval)
            for x in loader:
                model.train()
                model(x).sum().backward()
                optimizer.step()
    """,
        ["warning model.apply(set_bn_eval)"],
    ),
    "before a loop that calls train elsewhere": (
        """
        def freeze_bn(net):
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

        def epoch(net, loader):
            net.train()
            for x in loader:
                net(x).sum().backward()

        def main(model, loader, optimizer):
            freeze_bn(model)
            for x in loader:
                epoch(model, loader)
                model(x).sum().backward()
                optimizer.step()
    """,
        ["warning freeze_bn(model)"],
    ),
    "a part of a model": (
        """
        def main(model, loader, optimizer):
            model.backbone.eval()
            for x in loader:
                model.train()
                model(x).sum().backward()
                optimizer.step()
    """,
        ["warning model.backbone.eval()"],
    ),
    "a framework's hooks": (
        """
        import pytorch_lightning as pl

        class Net(pl.LightningModule):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.fc = nn.Linear(4, 4)
                self.norm = nn.BatchNorm1d(4)
                self.norm.eval()
    """,
        ["note self.norm.eval()"],
    ),
    "a freeze that others may call again": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)
                self.freeze_bn()

            def freeze_bn(self):
                for m in self.modules():
                    if isinstance(m, nn.BatchNorm1d):
                        m.eval()
    """,
        ["note self.freeze_bn()"],
    ),
}

INNOCENT = {
    "a train of its own": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)
                self.norm.eval()

            def train(self, mode=True):
                super().train(mode)
                self.norm.eval()
                return self
    """,
    "again in forward": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.fc = nn.Linear(4, 4)
                self.norm = nn.BatchNorm1d(4)
                self.norm.eval()

            def forward(self, x):
                self.norm.eval()
                return self.norm(x)
    """,
    "again in a hook": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)
                self.freeze()

            def freeze(self):
                for m in self.modules():
                    if isinstance(m, nn.BatchNorm1d):
                        m.eval()

            def on_train_epoch_start(self):
                self.freeze()
    """,
    "a freeze that others call": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)

            def freeze_bn(self):
                for m in self.modules():
                    if isinstance(m, nn.BatchNorm1d):
                        m.eval()
    """,
    "a network that only measures": """
        class PerceptualLoss(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.features = torchvision.models.resnet18()
                self.head = nn.Linear(4, 2)
                self.features.eval()
    """,
    "no norm layer": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.fc = nn.Linear(4, 4)
                self.drop = nn.Dropout()
                self.fc.eval()
    """,
    "after train(), in the loop": """
        def freeze_bn(net):
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

        def main(model, loader, optimizer):
            model.train()
            for x in loader:
                model.train()
                freeze_bn(model)
                model(x).sum().backward()
                optimizer.step()
    """,
    "before and in the loop": """
        def freeze_bn(net):
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

        def main(model, loader, optimizer):
            freeze_bn(model)
            for x in loader:
                model.train()
                freeze_bn(model)
                model(x).sum().backward()
                optimizer.step()
    """,
    "train() before the loop": """
        def freeze_bn(net):
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

        def main(model, loader, optimizer):
            model.train()
            freeze_bn(model)
            for x in loader:
                pass
                model(x).sum().backward()
                optimizer.step()
    """,
    "the function that trains freezes": """
        def freeze_bn(net):
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

        def epoch(net, loader):
            net.train()
            freeze_bn(net)

        def main(model, loader, optimizer):
            freeze_bn(model)
            for x in loader:
                epoch(model, loader)
                model(x).sum().backward()
                optimizer.step()
    """,
    "another model": """
        def freeze_bn(net):
            for m in net.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.eval()

        def main(model, loader, optimizer):
            freeze_bn(teacher)
            for x in loader:
                model.train()
                model(x).sum().backward()
                optimizer.step()
    """,
    "a part, again in the loop": """
        def main(model, loader, optimizer):
            model.backbone.eval()
            for x in loader:
                model.train()
                model.backbone.eval()
                model(x).sum().backward()
                optimizer.step()
    """,
}


def found(program: Callable[[str], Program], script: str) -> list[str]:
    """What the rule finds, as "severity line"."""
    return [f"{f.severity.value} {f.line_text}" for f in RULE.check(program(HEAD + dedent(script)))]


@pytest.mark.parametrize(("script", "expected"), FOUND.values(), ids=FOUND)
def test_found(program: Callable[[str], Program], script: str, expected: list[str]):
    assert found(program, script) == expected


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_not_flagged(program: Callable[[str], Program], script: str):
    assert found(program, script) == []
