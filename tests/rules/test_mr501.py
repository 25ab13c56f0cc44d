"""MR501: batch norms under DistributedDataParallel; never more than a note."""

from __future__ import annotations

import pytest
from modereview.rules import rule

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


def found(fitted, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR501").check(fitted(script))]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(fitted, script):
    assert found(fitted, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(fitted, script):
    assert found(fitted, script) == ["note"]


def test_what_is_to_be_written_can_be_written(fitted):
    """No assignment to a call: `Net().to(rank) = ...`."""
    wrap = "from torch.nn.parallel import DistributedDataParallel as DDP\nnet = {}DDP({})\n"
    for before, wrapped, told in [
        ("", "Net()", "wrap `torch.nn.SyncBatchNorm.convert_sync_batchnorm(Net())` in its place"),
        (
            "Net()\nnet = ",
            "net",
            "write, before the wrap: `net = torch.nn.SyncBatchNorm.convert_sync_batchnorm(net)`",
        ),
    ]:
        (finding,) = rule("MR501").check(fitted(wrap.format(before, wrapped)))
        assert finding.facts[1] == told
