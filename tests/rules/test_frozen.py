"""Frozen models: one in front of what is trained is left alone, one of which a part is trained is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LOOP = """
    from torchvision import models

    def freeze(parameters):
        for p in parameters:
            p.requires_grad = False

    def main(loader, val_loader, args):
        model = models.resnet18(weights="DEFAULT")
        {freezing}
        model.fc = nn.Linear(512, 2)
        {optimizer}
        {before}
        for epoch in range(10):
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()  # here
                optimizer.step()
            model.eval()
            with torch.no_grad():
                print([model(x).argmax(1) for x, _ in val_loader])
"""
FREEZINGS = {
    "a loop": "for p in model.parameters(): p.requires_grad = False",
    "at once": "model.requires_grad_(False)",
    "a helper": "freeze(model.parameters())",
    "on a flag": "if args.freeze: model.requires_grad_(False)",
}
OPTIMIZERS = {
    "the head": "optimizer = torch.optim.SGD(model.fc.parameters(), 0.1)",
    "groups": "optimizer = torch.optim.SGD([{'params': model.fc.parameters(), 'lr': 0.1}], 0.1)",
    "filtered": "optimizer = torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), 0.1)",
    "selected before": "wanted = [p for p in model.parameters() if p.requires_grad]; "
    "optimizer = torch.optim.SGD(wanted, 0.1)",
    "selected in a loop": """wanted = []
        for name, p in model.named_parameters():
            if p.requires_grad:
                wanted.append(p)
        optimizer = torch.optim.SGD(wanted, 0.1)""",
}


def written(freezing: str, optimizer: str, before: str = "") -> str:
    """The script with the given lines."""
    return LOOP.format(freezing=freezing, optimizer=optimizer, before=before)


@pytest.mark.parametrize("freezing", FREEZINGS.values(), ids=FREEZINGS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_new_head_is_trained_in_eval(freezing: str, optimizer: str, faults: Callable[[str], list[str]]):
    (fault,) = faults(written(freezing, optimizer))
    assert fault.startswith(("MR102 error", "MR102 warning"))


@pytest.mark.parametrize("freezing", list(FREEZINGS.values())[:3], ids=list(FREEZINGS)[:3])
def test_features_that_stay_the_same_are_no_fault(freezing: str, faults: Callable[[str], list[str]]):
    assert faults(written(freezing, OPTIMIZERS["the head"], before="model.eval()")) == []


def test_linear_classification_on_frozen_features(faults: Callable[[str], list[str]]):
    freezing = """for name, p in model.named_parameters():
            if name not in ("fc.weight", "fc.bias"):
                p.requires_grad = False"""
    assert faults(written(freezing, OPTIMIZERS["filtered"], before="model.eval()")) == []
    whole = written("pass", OPTIMIZERS["filtered"], before="model.eval()")
    assert faults(whole.replace("p.requires_grad = False", "print(p)")) != []  # nothing is frozen


def test_an_optimizer_of_the_head_alone_freezes_the_rest(faults: Callable[[str], list[str]]):
    assert faults(written("pass", OPTIMIZERS["the head"], before="model.eval()")) == []


def test_a_frozen_network_in_front_of_another_is_left_alone(faults: Callable[[str], list[str]]):
    script = """
        def freeze_params(params):
            for param in params:
                param.requires_grad = False

        def main(loader, build_encoder):
            encoder, model = build_encoder(), Net()
            freeze_params(encoder.parameters())
            optimizer = torch.optim.AdamW(model.parameters())
            encoder.eval()
            model.train()
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(encoder(x)), y).backward()
                optimizer.step()
    """
    assert faults(script) == []
