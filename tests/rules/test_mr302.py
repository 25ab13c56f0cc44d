"""MR302: random transforms on the way of evaluation data."""

from __future__ import annotations

from textwrap import dedent

import pytest
from modereview.rules import rule

FAULTY = {
    "a split that is handed one transform for both sides": """
        from torchvision import datasets, transforms
        from data import split
        full = datasets.CIFAR10("data")
        train_set, val_set = split(full, 0.1, transform=transforms.RandomCrop(32))
    """,
    "in a transform named for validation": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        val_transform = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.ToTensor()])
    """,
    "in a dict of phases": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        data_transforms = {
            "train": transforms.Compose([transforms.RandomResizedCrop(224), transforms.ToTensor()]),
            "val": transforms.Compose([transforms.RandomResizedCrop(224), transforms.ToTensor()]),
        }
    """,
    "one transform for both sets": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        def load(root):
            transform = transforms.Compose([transforms.RandomRotation(10), transforms.ToTensor()])
            train = datasets.MNIST(root, train=True, transform=transform)
            held_out = datasets.MNIST(root, train=False, transform=transform)
            return train, held_out
    """,
    "a split of an augmented set": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        augmented = transforms.Compose([transforms.ColorJitter(0.4), transforms.ToTensor()])
        full = datasets.ImageFolder("images", transform=augmented)
        train_set, val_set = random_split(full, [0.8, 0.2])
    """,
    "a subset of the training set": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        def split(train_idx, valid_idx):
            train_data = datasets.CIFAR10("data", transform=transforms.RandomCrop(32, padding=4))
            return Subset(train_data, train_idx), DataLoader(train_data, sampler=valid_idx)

        def main(idx):
            data = datasets.CIFAR10("data", transform=transforms.RandomCrop(32, padding=4))
            valid_loader = DataLoader(data, batch_size=64, sampler=idx)
            return valid_loader
    """,
}
RIGHT = {
    "resize and crop in the middle": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        test_transform = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    """,
    "each phase its own": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        data_transforms = {
            "train": transforms.Compose([transforms.RandomResizedCrop(224)]),
            "val": transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)]),
        }
    """,
    "chosen by a condition": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        def build(train):
            if train:
                transform = transforms.RandomCrop(32)
            else:
                transform = transforms.CenterCrop(32)
            test_set = datasets.CIFAR10("data", train=False, transform=transform)
            return test_set
    """,
    "a flip that is certain": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        test_flipped = transforms.Compose([transforms.RandomHorizontalFlip(p=1), transforms.ToTensor()])
    """,
    "replaced before the evaluation": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        full = datasets.ImageFolder("images", transform=transforms.RandomCrop(32))
        train_set, val_set = random_split(full, [0.8, 0.2])
        val_set.dataset.transform = transforms.CenterCrop(32)
    """,
    "random views are what is measured": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        # two views, as in SimCLR
        val_set = datasets.CIFAR10("data", train=False, transform=transforms.RandomResizedCrop(32))
    """,
    "a split that is handed a transform for each side": """
        from torchvision import datasets, transforms
        from data import split
        full = datasets.CIFAR10("data")
        train_set, val_set = split(full, 0.1, transform=transforms.RandomCrop(32), test_transform=None)
    """,
    "only its length is used": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        train_set = datasets.CIFAR10("data", transform=transforms.RandomCrop(32))
        val_size = int(0.1 * len(train_set))
    """,
    "training data that is shuffled": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        def build(train_set, val_set):
            train_loader = DataLoader(train_set, shuffle=True)
            val_loader = DataLoader(val_set, shuffle=False)
            return train_loader, val_loader
    """,
}
NOTED = {
    "a shuffled loader": """
        from torchvision import datasets, transforms
        from torch.utils.data import DataLoader, Subset, random_split
        def build(test_set):
            test_loader = DataLoader(test_set, 64, True)
            return test_loader
    """,
}


def found(program, script):
    """Severities of this rule's findings, in the order of the file."""
    return [f.severity.value for f in rule("MR302").check(program(dedent(script)))]


@pytest.mark.parametrize("script", FAULTY.values(), ids=FAULTY)
def test_faulty(program, script):
    assert found(program, script) == ["warning"]


@pytest.mark.parametrize("script", RIGHT.values(), ids=RIGHT)
def test_right(program, script):
    assert found(program, script) == []


@pytest.mark.parametrize("script", NOTED.values(), ids=NOTED)
def test_a_note_at_most(program, script):
    assert found(program, script) == ["note"]
