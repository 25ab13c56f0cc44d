"""MR205: layers that a module keeps where it does not look."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from modereview import parse
from modereview.records import Program
from modereview.rules.mr205 import RULE

HEAD = """\
import copy
from collections import OrderedDict
import torch
import torch.nn as nn
import torch.nn.functional as F

"""

FOUND: dict[str, tuple[str, list[str]]] = {
    "a list": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = [nn.Linear(4, 4), nn.ReLU()]
    """,
        ["error self.layers = [nn.Linear(4, 4), nn.ReLU()]"],
    ),
    "a comprehension": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = [nn.Linear(4, 4) for _ in range(n)]
    """,
        ["error self.layers = [nn.Linear(4, 4) for _ in range(n)]"],
    ),
    "a tuple": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.pair = (nn.Conv2d(3, 3, 3), nn.Dropout(0.5))
    """,
        ["error self.pair = (nn.Conv2d(3, 3, 3), nn.Dropout(0.5))"],
    ),
    "a dict": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.heads = {'a': nn.Linear(4, 2), 'b': nn.Linear(4, 2)}
    """,
        ["error self.heads = {'a': nn.Linear(4, 2), 'b': nn.Linear(4, 2)}"],
    ),
    "a dict comprehension": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.heads = {i: nn.Linear(4, 2) for i in range(n)}
    """,
        ["error self.heads = {i: nn.Linear(4, 2) for i in range(n)}"],
    ),
    "filled in a loop": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = []
                for _ in range(n):
                    self.layers.append(nn.Linear(4, 4))
    """,
        ["error self.layers = []"],
    ),
    "filled by key": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.heads = OrderedDict()
                for name in 'ab':
                    self.heads[name] = nn.Linear(4, 4)
    """,
        ["error self.heads = OrderedDict()"],
    ),
    "added to": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = []
                self.layers += [nn.BatchNorm1d(4)]
    """,
        ["error self.layers = []"],
    ),
    "by a local list": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                layers = []
                for _ in range(n):
                    layer = nn.Linear(4, 4)
                    layers.append(layer)
                self.layers = layers
    """,
        ["error self.layers = layers"],
    ),
    "copies": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = [copy.deepcopy(nn.Linear(4, 4)) for _ in range(n)]
    """,
        ["error self.layers = [copy.deepcopy(nn.Linear(4, 4)) for _ in range(n)]"],
    ),
    "a class of the file": (
        """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 4)

        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.blocks = [Block() for _ in range(n)]
    """,
        ["error self.blocks = [Block() for _ in range(n)]"],
    ),
    "a helper's result": (
        """
        def conv_bn(channels):
            return nn.Sequential(nn.Conv2d(channels, channels, 3), nn.BatchNorm2d(channels))

        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.blocks = [conv_bn(4), conv_bn(8)]
    """,
        ["error self.blocks = [conv_bn(4), conv_bn(8)]"],
    ),
    "in a lambda, new at each call": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.head = lambda x: nn.Linear(4, 2)(x)
    """,
        ["error self.head = lambda x: nn.Linear(4, 2)(x)"],
    ),
    "in a lambda, held": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                drop = nn.Dropout(0.5)
                self.drop = lambda x: drop(x)
    """,
        ["error self.drop = lambda x: drop(x)"],
    ),
    "hidden on purpose": (
        """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.teacher = [nn.Sequential(nn.Linear(4, 4), nn.Dropout())]
    """,
        ["note self.teacher = [nn.Sequential(nn.Linear(4, 4), nn.Dropout())]"],
    ),
}

INNOCENT = {
    "the values of a dict in a ModuleList": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.convs = OrderedDict()
                self.convs["squeeze"] = nn.Conv2d(4, 4, 1)
                self.convs[("pose", 0)] = nn.Conv2d(4, 4, 3)
                self.net = nn.ModuleList(list(self.convs.values()))
    """,
    "the items of a list in a ModuleList": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.steps = [nn.Linear(4, 4) for _ in range(n)]
                self.net = nn.ModuleList([step for step in self.steps])
    """,
    "a ModuleList": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = nn.ModuleList([nn.Linear(4, 4)])
    """,
    "a ModuleList that grows": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = nn.ModuleList()
                self.layers.append(nn.Linear(4, 4))
    """,
    "turned into a ModuleList": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = []
                self.layers.append(nn.Linear(4, 4))
                self.layers = nn.ModuleList(self.layers)
    """,
    "registered through Sequential": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
                self.net = nn.Sequential(*self.layers)
    """,
    "put one by one into another list in Sequential": """
        class Net(nn.Module):
            def __init__(self, strides):
                super().__init__()
                convs, sequence = [nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)], []
                for conv, stride in zip(convs, strides):
                    sequence.append(conv)
                    sequence.append(nn.MaxPool2d(stride))
                self.conv = nn.Sequential(*sequence)
                self.convs = convs
            def forward(self, x):
                for conv in self.convs: x = conv(x)
                return x
    """,
    "a local list in Sequential": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                layers = [nn.Linear(4, 4)]
                layers.append(nn.ReLU())
                self.net = nn.Sequential(*layers)
    """,
    "registered by name": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = []
                for i in range(n):
                    layer = nn.Linear(4, 4)
                    setattr(self, f'fc{i}', layer)
                    self.layers.append(layer)
    """,
    "add_module": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = [nn.Linear(4, 4) for _ in range(n)]
                for i, layer in enumerate(self.layers):
                    self.add_module(str(i), layer)
    """,
    "attributes as well": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.a = nn.Linear(4, 4)
                self.b = nn.Linear(4, 4)
                self.layers = [self.a, self.b]
    """,
    "attributes by a local name": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                a = nn.Linear(4, 4)
                self.a = a
                self.layers = [a, nn.ReLU()]
    """,
    "no parameters and no mode": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.acts = {'relu': nn.ReLU(), 'tanh': nn.Tanh()}
                self.losses = [nn.MSELoss(), nn.L1Loss()]
    """,
    "a class of the file without state": """
        class Swish(nn.Module):
            def forward(self, x):
                return x * x.sigmoid()

        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.acts = [Swish(), Swish()]
    """,
    "factories": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.build = {'fc': lambda: nn.Linear(4, 4), 'conv': nn.Conv2d}
    """,
    "a factory": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.make = lambda width: nn.Linear(width, width)
    """,
    "a method that registers": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.layers = []
                for i in range(n):
                    self.keep(i, nn.Linear(4, 4))

            def keep(self, i, layer):
                self.layers.append(layer)
                self.add_module(str(i), layer)
    """,
    "parameters of its own": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.ensemble = [nn.Linear(4, 4) for _ in range(n)]

            def parameters(self, recurse=True):
                return [p for m in self.ensemble for p in m.parameters(recurse)]
    """,
    "a list that is taken apart at once": """
        class Net(nn.Module):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.even, self.odd = [nn.Linear(4, 4) for _ in range(2)]
    """,
    "no module": """
        class Net(object):
            def __init__(self, n=3, act="relu"):
                super().__init__()
                self.nets = [nn.Linear(4, 4), nn.Linear(4, 4)]
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


@pytest.mark.parametrize("name", ["a list", "a comprehension", "a tuple", "a dict"])
def test_a_complete_display_is_offered_a_container(program: Callable[[str], Program], name: str):
    script, _ = FOUND[name]
    bad = program(HEAD + dedent(script.replace("nn.ReLU()", "nn.Linear(4, 4)")))
    (finding,) = RULE.check(bad)
    (mend,) = RULE.mend(bad, finding)
    assert not mend.safe
    after = parse.apply(bad.source, mend.edits)
    assert list(RULE.check(program(after.text))) == []


@pytest.mark.parametrize("name", ["by a local list", "in a lambda, held", "added to"])
def test_what_grows_is_not_mended_by_halves(program: Callable[[str], Program], name: str):
    bad = program(HEAD + dedent(FOUND[name][0]))
    (finding,) = RULE.check(bad)
    assert list(RULE.mend(bad, finding)) == []


def test_an_empty_list_that_only_layers_are_appended_to_becomes_a_module_list(
    program: Callable[[str], Program],
):
    bad = program(HEAD + dedent(FOUND["filled in a loop"][0]))
    (finding,) = RULE.check(bad)
    (mend,) = RULE.mend(bad, finding)
    after = parse.apply(bad.source, mend.edits)
    assert "nn.ModuleList()" in after.text
    assert list(RULE.check(program(after.text))) == []


HELD = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = {value}

        def forward(self, x):
            {use}
            return x
"""


@pytest.mark.parametrize("key", ["type", "forward", "a.b", "training", "keys", ""])
def test_a_key_that_a_module_dict_does_not_take_is_not_mended(program: Callable[[str], Program], mended, key):
    shape = {
        "value": f"{{'one': nn.Linear(4, 4), {key!r}: nn.Dropout(0.5)}}",
        "use": "x = self.parts['one'](x)",
    }
    assert mended("MR205", program(HEAD + dedent(HELD.format(**shape)))) == [[]]
    free = shape | {"value": shape["value"].replace(repr(key), "'two'")}
    ((text,),) = mended("MR205", program(HEAD + dedent(HELD.format(**free))))
    assert "nn.ModuleDict({'one'" in text


@pytest.mark.parametrize(
    "use", ["self.parts.sort(key=id)", "print(self.parts.index(x))", "self.parts.get(0)"]
)
def test_a_list_that_is_asked_for_more_than_a_module_list_has_is_not_mended(
    program: Callable[[str], Program], mended, use
):
    shape = {"value": "[nn.Linear(4, 4), nn.Dropout(0.5)]", "use": use}
    assert mended("MR205", program(HEAD + dedent(HELD.format(**shape)))) == [[]]
    shape["use"] = "x = self.parts[0](x)"
    assert len(mended("MR205", program(HEAD + dedent(HELD.format(**shape))))[0]) == 1
