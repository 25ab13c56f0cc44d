"""Which classes are modules, what they hold, and what in them depends on the mode."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.records import Program

CLASS = """\
import timm
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn import BatchNorm2d as BN

def build_model(arch):
    return timm.models.__dict__[arch]()

def block(n):
    return nn.Sequential(nn.Linear(n, n), nn.Dropout(0.1))

class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

class Net(nn.Module):
    def __init__(self, model=None):
        super().__init__()
        {init}
    def forward(self, x):
        {forward}
"""
SENSITIVITY = {
    "a dropout": ("self.d = nn.Dropout(0.5)", "return x", ("Dropout",), False),
    "by an alias": ("self.n = BN(4)", "return x", ("BatchNorm2d",), False),
    "a rate of zero": ("self.d = nn.Dropout(0.0)", "return x", (), False),
    "none": ("self.f = nn.Linear(1, 1); self.n = nn.LayerNorm(4)", "return x", (), False),
    "a norm of instances": ("self.n = nn.InstanceNorm2d(4)", "return x", (), False),
    "one that keeps statistics": (
        "self.n = nn.InstanceNorm2d(4, affine=True, track_running_stats=True)",
        "return x",
        ("InstanceNorm2d (running statistics)",),
        False,
    ),
    "in a list": (
        "self.all = nn.ModuleList([nn.Dropout() for _ in range(3)])",
        "return x",
        ("Dropout",),
        False,
    ),
    "through a function of the file": ("self.b = block(4)", "return x", ("Dropout",), False),
    "a mode that is set, not asked for": ("self.training = False", "return x", (), False),
    "through a class of the file": ("self.p = Part()", "return x", ("BatchNorm1d",), False),
    "functional": (
        "pass",
        "return F.dropout(x, training=self.training)",
        ("F.dropout", "self.training"),
        False,
    ),
    "functional, and off": ("pass", "return F.dropout(x, 0.5, training=False)", (), False),
    "reads the flag": ("pass", "return x if self.training else 2 * x", ("self.training",), False),
    "an LSTM that drops": ("self.r = nn.LSTM(4, 4, 2, dropout=0.2)", "return x", ("LSTM (dropout)",), False),
    "an LSTM that does not": ("self.r = nn.LSTM(4, 4)", "return x", (), False),
    "a transformer drops unless told": (
        "self.t = nn.TransformerEncoderLayer(4, 2)",
        "return x",
        ("TransformerEncoderLayer (dropout)",),
        False,
    ),
    "a library's model": ("self.b = timm.create_model('resnet18')", "return x", (), True),
    "a library's model, chosen by its name": ("self.b = timm.models.__dict__['vit']()", "return x", (), True),
    "through getattr": ("self.b = getattr(timm.models, 'vit')()", "return x", (), True),
    "through a builder of the file": ("self.b = build_model('vit')", "return x", (), True),
    "what a classmethod borrows weights of": (
        "pass\n    @classmethod\n    def of(cls, name):\n        return cls().load(timm.create_model(name))",
        "return x",
        (),
        False,
    ),
    "a model that it is given": ("self.inner = model", "return x", (), True),
}


@pytest.mark.parametrize(("init", "forward", "kinds", "opaque"), SENSITIVITY.values(), ids=SENSITIVITY)
def test_what_depends_on_the_mode(
    init: str, forward: str, kinds: tuple[str, ...], opaque: bool, program: Callable[[str], Program]
):
    net = program(CLASS.format(init=init, forward=forward)).module("Net")
    assert net is not None
    assert (net.sensitive, net.opaque) == (kinds, opaque)


def test_modules_by_inheritance_and_by_alias(program: Callable[[str], Program]):
    found = program("""\
        import torch
        from torch import nn as neural
        from torch.nn import Module as Base
        class A(neural.Module): pass
        class B(A): pass
        class C(Base): pass
        class D(torch.nn.Sequential): pass
        class E(object): pass
        class Config: pass
    """)
    assert [m.name for m in found.modules] == ["A", "B", "C", "D"]
    assert [name for name, _, _ in found.classes] == ["E", "Config"]


def test_layers_parameters_and_build_sites(program: Callable[[str], Program]):
    found = program("""\
        from torch import nn
        class Net(nn.Module):
            def __init__(self, width, depth: int = 2, *, rate=0.1):
                super().__init__()
                self.fc = nn.Linear(width, 1)
                self.count = 0
            def forward(self, x, mask=None):
                return self.fc(x)
        net = Net(20, depth=3)
    """).module("Net")
    assert found is not None
    assert [(layer.attr, layer.kind) for layer in found.layers] == [("fc", "Linear")]
    assert [(p.name, p.default, p.annotation) for p in found.init] == [
        ("width", None, None),
        ("depth", "2", "int"),
        ("rate", "0.1", None),
    ]
    assert [p.name for p in found.forward] == ["x", "mask"]
    (site,) = found.builds
    assert (site.target, site.bound) == ("net", (("width", "20"), ("depth", "3")))


def test_classes_that_hold_each_other_end(program: Callable[[str], Program]):
    found = program("""\
        from torch import nn
        class A(nn.Module):
            def __init__(self): self.b = B()
        class B(nn.Module):
            def __init__(self): self.a, self.d = A(), nn.Dropout()
    """)
    assert [m.sensitive for m in found.modules] == [("Dropout",), ("Dropout",)]


@pytest.mark.parametrize(
    ("given", "unknown"),
    [("nn.Linear(4, 4), Plain()", False), ("*parts", True), ("part", True)],
)
def test_what_a_container_of_its_own_holds(given: str, unknown: bool, program: Callable[[str], Program]):
    found = program(f"""\
        from torch import nn
        class Plain(nn.Module): pass
        class Flow(nn.Sequential): pass
        model = Flow({given})
        y = model(x_test)
    """)
    assert [f.opaque for f in found.forwards] == [unknown]


@pytest.mark.parametrize(
    ("given", "kinds", "unknown"),
    [
        ("linear, nn.ReLU(), dropout", ("Dropout",), False),
        ("linear, linear", (), False),
        ("linear, Plain()", (), False),
        ("*layers", (), True),
        ("linear, other", (), True),
    ],
)
def test_what_layers_under_names_of_their_own_make_of_a_container(
    given: str, kinds: tuple[str, ...], unknown: bool, program: Callable[[str], Program]
):
    found = program(f"""\
        from torch import nn
        class Plain(nn.Module): pass
        linear = nn.Linear(4, 4)
        dropout = nn.Dropout(p=1 - keep)
        model = nn.Sequential({given})
        y = model(x_test)
    """)
    assert [(f.sensitive, f.opaque) for f in found.forwards] == [(kinds, unknown)]
