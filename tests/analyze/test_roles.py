"""What a forward is for: by what becomes of its result, only then by names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview.records import Program

STEP = "optimizer.zero_grad(); loss.backward(); optimizer.step()"
ROLES = {
    "backward and a step": (f"loss = criterion(model(x), y); {STEP}", ["train"]),
    "through methods of tensors": (f"loss = model(x).pow(2).mean(); {STEP}", ["train"]),
    "through functions of torch": (
        f"loss = torch.stack([model(x), 2 * model(y)]).sum(); {STEP}",
        ["train"] * 2,
    ),
    "through a dict": (
        f"losses = dict(a=0); losses['b'] = model(x); loss = sum(losses.values()); {STEP}",
        ["train"],
    ),
    "through a list": (f"parts = []; parts.append(model(x)); loss = sum(parts); {STEP}", ["train"]),
    "collected over a loop": (f"loss = 0\n    for b in x: loss += model(b)\n    {STEP}", ["train"]),
    "a scaler": ("scaler.scale(model(x).sum()).backward(); scaler.step(optimizer)", ["train"]),
    "torch.autograd.backward": ("torch.autograd.backward(model(x)); optimizer.step()", ["train"]),
    "a closure that the optimizer calls": (
        "def closure():\n        loss = model(x).sum(); loss.backward()\n    optimizer.step(closure)",
        ["train"],
    ),
    "two models, one loss": (f"loss = criterion(model(encoder(x)), y); {STEP}", ["train", "train"]),
    "no step anywhere in the file": ("model(x).sum().backward()\n    other.step", ["train"]),
    "thrown away before the step": (
        "model(x).sum().backward(); optimizer.zero_grad(); optimizer.step()",
        ["unknown"],
    ),
    "the graph is off": ("with torch.no_grad(): print(model(x))", ["evaluate"]),
    "a target of the loss": (
        f"with torch.no_grad(): t = teacher_model(x)\n    loss = criterion(model(x), t); {STEP}",
        ["target", "train"],
    ),
    "a number is no gradient": (f"n = model(x).item(); loss = model(y) * n; {STEP}", ["unknown", "train"]),
    "detached": (f"fake = netG(x).detach(); loss = netD(fake); {STEP}", ["target", "train"]),
    "what works on a model is none": ("model.eval(); helper.ema(model); return model(x)", ["unknown"]),
    "nothing in view": ("return model(x)", ["unknown"]),
}


@pytest.mark.parametrize(("body", "expected"), ROLES.values(), ids=ROLES)
def test_the_role_of_each_forward(body: str, expected: list[str], program: Callable[[str], Program]):
    given = "model, encoder, teacher_model, netG, netD, x, y, optimizer, scaler"
    text = f"import torch\ndef run({given}):\n    {body}\n"
    forwards = sorted(program(text).forwards, key=lambda f: f.span)
    assert [f.role for f in forwards] == expected


def test_what_apex_makes_ready_is_what_it_is_given(program: Callable[[str], Program]):
    (forward,) = program("""\
import torch
from torch import nn
from apex import amp

def run(x):
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout())
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model, optimizer = amp.initialize(model, optimizer)
    with amp.scale_loss(model(x).sum(), optimizer) as scaled:
        scaled.backward()
    optimizer.step()
""").forwards
    assert (forward.role, forward.sensitive) == ("train", ("Dropout",))


def test_a_name_speaks_where_the_result_does_not(program: Callable[[str], Program]):
    text = "import torch\ndef {}(model, x):\n    return model(x)\n"
    roles = {
        name: program(text.format(name)).forwards[0].role
        for name in ("validate", "predict", "test_step", "helper")
    }
    assert roles == {
        "validate": "evaluate",
        "predict": "infer",
        "test_step": "evaluate",
        "helper": "unknown",
    }


def test_one_forward_has_the_role_of_each_path_to_it(program: Callable[[str], Program]):
    found = program(f"""\
        import torch
        def loss_of(model, x): return model(x).sum()
        def fit(model, x, optimizer):
            loss = loss_of(model, x); {STEP}
        def validate(model, x):
            with torch.no_grad(): return loss_of(model, x).item()
    """).forwards
    assert {(f.through[0], f.role) for f in found} == {("fit", "train"), ("validate", "evaluate")}


def test_a_frozen_network_inside_of_a_loss_is_not_trained(program: Callable[[str], Program]):
    found = program(f"""\
        import torch
        from torch import nn
        def run(x):
            model, perceptual_net = nn.Linear(1, 1), nn.Dropout()
            perceptual_net.requires_grad_(False)
            optimizer = torch.optim.SGD(model.parameters(), 0.1)
            loss = perceptual_net(model(x)).sum(); {STEP}
    """).forwards
    assert {f.model: f.role for f in found} == {"model": "train", "perceptual_net": "unknown"}


@pytest.mark.parametrize(("name", "role"), [("gradients", "unknown"), ("train_step", "train")])
def test_gradients_that_nothing_steps_with(name: str, role: str, program: Callable[[str], Program]):
    text = f"""
import torch
from models import build_model

def load(kind):
    net = build_model(kind)
    net.eval()
    return net

def {name}(net, x):
    loss = net(x)[:, 1].sum()
    loss.backward()
    return net.gradients

print({name}(load("blip"), torch.randn(4, 4)))
"""
    (forward,) = program(text).forwards
    assert forward.role == role


def test_the_step_of_an_optimizer_of_a_class_in_view(program: Callable[[str], Program]):
    (forward,) = program("""\
import torch
from torch.optim.optimizer import Optimizer

class Adam(Optimizer):
    def step(self):
        for group in self.param_groups:
            group["lr"] *= 0.9

def run(model, x):
    optimizer = Adam(model.parameters())
    model(x).sum().backward()
    optimizer.step()
""").forwards
    assert forward.role == "train"
