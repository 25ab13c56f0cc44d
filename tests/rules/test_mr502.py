"""MR502: SyncBatchNorm where it cannot work."""

from __future__ import annotations

import pytest
from modereview.rules import rule

FAULTY = {
    "under two conditions that may both hold": """
        def train(model, rank, opt):
            if opt.sync_bn and rank == -1:
                model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)
            if rank == -1 and torch.cuda.device_count() > 1:
                model = torch.nn.DataParallel(model)
            return model

        train(Net(), -1, opt)
    """,
    "in one line": """
        model = nn.DataParallel(nn.SyncBatchNorm.convert_sync_batchnorm(Net()))
    """,
    "converted inside of DataParallel": """
        model = nn.DataParallel(Net()).cuda()
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    """,
    "in two functions": """
        def build():
            model = Net()
            return nn.SyncBatchNorm.convert_sync_batchnorm(model)

        def main():
            model = build()
            if torch.cuda.device_count() > 1:
                model = torch.nn.DataParallel(model)
            return model
    """,
    "a model out of view": """
        import torchvision
        model = torchvision.models.resnet50()
        model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)
        model = torch.nn.DataParallel(model, device_ids=[0, 1])
    """,
}
RIGHT = {
    "the documented order": """
        from torch.nn.parallel import DistributedDataParallel as DDP
        model = nn.SyncBatchNorm.convert_sync_batchnorm(Net())
        model = DDP(model)
    """,
    "on different branches": """
        from torch.nn.parallel import DistributedDataParallel as DDP

        def build(distributed):
            model = Net()
            if distributed:
                model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
                model = DDP(model)
            else:
                model = nn.DataParallel(model)
            return model
    """,
    "where two conditions say which of both": """
        def train(model, rank, opt):
            if opt.cuda and rank == -1 and torch.cuda.device_count() > 1:
                model = torch.nn.DataParallel(model)
            if opt.sync_bn and opt.cuda and rank != -1:
                model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(model)
            return model

        for rank in ranks:
            train(Net(), rank, opt)
    """,
    "replaced in place, the result not needed": """
        from torch.nn.parallel import DistributedDataParallel as DDP
        model = Net()
        nn.SyncBatchNorm.convert_sync_batchnorm(model)
        model = DDP(model)
    """,
    "two models": """
        student, teacher = Net(), Net()
        student = nn.SyncBatchNorm.convert_sync_batchnorm(student)
        teacher = nn.DataParallel(teacher)
    """,
}
NOTED = {
    "converted after DistributedDataParallel": """
        from torch.nn.parallel import DistributedDataParallel as DDP
        model = DDP(Net())
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    """,
}


def found(fitted, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR502").check(fitted(script))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(fitted, script):
    assert found(fitted, script) == ["error"]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(fitted, script):
    assert found(fitted, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(fitted, script):
    assert found(fitted, script) == ["note"]
