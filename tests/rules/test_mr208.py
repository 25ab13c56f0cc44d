"""MR208: noise that no mode switches off."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview.records import Program
from modereview.rules.mr208 import RULE

HEAD = """\
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "added": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return x + self.sigma * torch.randn_like(x)
    """,
        ["note return x + self.sigma * torch.randn_like(x)"],
    ),
    "by a name": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                noise = torch.randn(x.shape, device=x.device) * self.sigma
                return self.fc(x) + noise
    """,
        ["note return self.fc(x) + noise"],
    ),
    "in place": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                x = self.fc(x)
                x += torch.randn_like(x)
                return x
    """,
        ["note x += torch.randn_like(x)"],
    ),
    "by a method": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return x.add(torch.randn_like(x))
    """,
        ["note return x.add(torch.randn_like(x))"],
    ),
    "a mask": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                mask = torch.bernoulli(torch.full_like(x, 0.8))
                return self.fc(x) * mask
    """,
        ["warning return self.fc(x) * mask"],
    ),
    "a mask by comparison": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                keep = (torch.rand(x.shape) > 0.5).float()
                return keep * x
    """,
        ["warning return keep * x"],
    ),
    "drawn in place": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                noise = x.new_empty(x.shape).normal_(0, 1)
                return x + noise
    """,
        ["note return x + noise"],
    ),
    "in a method that forward calls": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return self.disturb(x)

            def disturb(self, h):
                return h + torch.randn_like(h)
    """,
        ["note return h + torch.randn_like(h)"],
    ),
    "a noise layer of its own": (
        """
        class GaussianNoise(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return x + torch.randn_like(x) * self.sigma
    """,
        ["note return x + torch.randn_like(x) * self.sigma"],
    ),
    "a sample of a VAE": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                mu, logvar = self.fc(x).chunk(2)
                std = torch.exp(0.5 * logvar)
                eps = torch.randn_like(std)
                return mu + eps * std
    """,
        ["note return mu + eps * std"],
    ),
    "a reparametrization": (
        """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                h = self.fc(x)
                return self.reparameterize(h, h)

            def reparameterize(self, mean, log_var):
                eps = torch.randn_like(log_var)
                return mean + eps * torch.exp(log_var / 2)
    """,
        ["note return mean + eps * torch.exp(log_var / 2)"],
    ),
}

INNOCENT = {
    "an augmentation by its short name": """
        class RandAmp(nn.Module):
            def __init__(self):
                super().__init__()
                self.low = 0.5

            def forward(self, x):
                return x * (torch.rand(x.shape[0], 1) + self.low)
    """,
    "in training only": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                if self.training:
                    x = x + torch.randn_like(x)
                return x
    """,
    "asked elsewhere in the class": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return self.disturb(x)

            def disturb(self, h):
                return h + torch.randn_like(h) * float(self.training)
    """,
    "a parameter decides": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x, noisy=False):
                if noisy:
                    x = x + torch.randn_like(x)
                return x
    """,
    "a parameter is the noise": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x, noise=None):
                if noise is None:
                    noise = torch.randn_like(x)
                return x + self.sigma * noise
    """,
    "an attribute decides": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                if self.add_noise:
                    x = x + torch.randn_like(x)
                return x
    """,
    "an initial state": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                h0 = torch.randn(1, x.size(0), 4)
                return self.rnn(x, h0)
    """,
    "a latent": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                z = torch.randn(x.size(0), 8)
                return self.fc(z)
    """,
    "noise to be predicted": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                noise = torch.randn_like(x)
                noisy = x + self.sigma * noise
                return self.fc(noisy), noise
    """,
    "a diffusion loss": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                noise = torch.randn_like(x)
                return F.mse_loss(self.fc(x + noise), noise)
    """,
    "a loss": """
        class ContrastiveLoss(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return (x + torch.randn_like(x)).mean()
    """,
    "a generator": """
        class Generator(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return x + torch.randn_like(x)
    """,
    "a channel": """
        class AWGNChannel(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return x + torch.randn_like(x)
    """,
    "an augmentation": """
        class RandomNoise(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return x + torch.randn_like(x)
    """,
    "Gumbel noise": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                gumbel = -torch.log(-torch.log(torch.rand_like(x)))
                return x + gumbel
    """,
    "guarded by who calls it": """
        class Noise(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return x + torch.randn_like(x)

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.noise = Noise()

            def forward(self, x):
                if self.training:
                    x = self.noise(x)
                return x
    """,
    "the shape of the input only": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return torch.randn(x.size(0), 4) * x.size(1)
    """,
    "not in a forward": """
        class Net(nn.Module):
            def __init__(self, sigma=0.1):
                super().__init__()
                self.sigma = sigma
                self.fc = nn.Linear(4, 4)

            def forward(self, x):
                return self.fc(x)

            def attack(self, x):
                return x + torch.randn_like(x)
    """,
    "no module": """
        def disturb(x):
            return x + torch.randn_like(x)
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
