"""MR501: batch norms under DistributedDataParallel; never more than a note."""

from __future__ import annotations

from textwrap import dedent

import pytest
from modereview.rules import rule

NET = """\
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.drop(self.norm(x)))


def fit(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


"""

RIGHT = {
    "converted": """
        from torch.nn.parallel import DistributedDataParallel as DDP
        model = DDP(nn.SyncBatchNorm.convert_sync_batchnorm(Net()))
    """,
    "an option for it": """
        from torch.nn.parallel import DistributedDataParallel

        def build(args):
            model = Net()
            if args.sync_bn:
                model = args.convert(model)
            return DistributedDataParallel(model)
    """,
    "no batch norm": """
        from torch.nn.parallel import DistributedDataParallel
        model = DistributedDataParallel(nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)))
    """,
    "a model that is not in view": """
        from torch.nn.parallel import DistributedDataParallel

        def wrap(model):
            return DistributedDataParallel(model)
    """,
    "weighed and left": """
        from torch.nn.parallel import DistributedDataParallel
        # plain batch norm is enough: 64 samples a device
        model = DistributedDataParallel(Net())
    """,
    "one device": """
        model = nn.DataParallel(Net())
    """,
}
NOTED = {
    "wrapped in a function": """
        from torch.nn.parallel import DistributedDataParallel as DDP

        def main(rank):
            model = Net().to(rank)
            return DDP(model, device_ids=[rank])
    """,
}


def found(program, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR501").check(program(NET + dedent(script)))]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(program, script):
    assert found(program, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(program, script):
    assert found(program, script) == ["note"]
