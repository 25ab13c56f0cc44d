"""Where the flow is left out in a static review, and that no finding is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.analyze.linking import Linked, link
from modereview.analyze.modules import Modules
from modereview.analyze.options import Options
from modereview.analyze.worth import Worth
from modereview.errors import InputError
from modereview.records import Source
from modereview.rules import look, rules

ROOT = Path("/project")
Read = Callable[[Path, Path], Source]

MODULE = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, width, norm_layer=nn.BatchNorm1d):
            super().__init__()
            self.rates = [x.item() for x in torch.linspace(0, 0.1, 4)]
            self.body = nn.Sequential(nn.Linear(width, width), norm_layer(width), nn.Dropout())

        def reset(self):
            self.body.train(self.training)

        @torch.no_grad()
        def init_weights(self):
            self.body[0].weight.fill_(0.0)

        def forward(self, x):
            return self.body(x)

    def small_net(**kwargs):
        return Net(8, **kwargs)
"""


def source(text: str, name: str = "train.py") -> Source:
    return parse.decode(ROOT / name, ROOT, dedent(text).encode())


def is_worth(text: str, neighbours: dict[str, str] | None = None) -> bool:
    return bool(roots_of(text, neighbours))


def roots_of(text: str, neighbours: dict[str, str] | None = None) -> frozenset[str]:
    files = neighbours or {}

    def read(path: Path, root: Path) -> Source:
        name = path.relative_to(root).as_posix()
        if name not in files:
            raise InputError(f"{name} does not exist.")
        return source(files[name], name)

    return roots(link(source(text), read))


def roots(linked: Linked) -> frozenset[str]:
    return Worth(
        linked.outlines, Modules(linked, linked.names, Options(linked.blocks, linked.names)).known
    ).roots()


def test_a_file_that_only_defines_modules_needs_no_flow() -> None:
    assert not is_worth(MODULE)


@pytest.mark.parametrize(
    "more",
    [
        "def run(model, x):\n    with torch.no_grad():\n        return model(x)\n",
        "def validate(net, loader):\n    return [net(x) for x in loader]\n",
        "def run(net, test_loader):\n    for x in test_loader:\n        net(x)\n",
        "def step(loss):\n    loss.backward()\n",
        "def run(net, x):\n    return net(x).argmax(1)\n",
        "def ship(net, x):\n    return torch.jit.trace(net, x)\n",
        "from torch.jit import trace\n\ndef ship(net, x):\n    return trace(net, x)\n",
        "def wrap(net):\n    net.eval\n    return net\n",
        "@torch.no_grad()\ndef run(net, x):\n    return one(net, x)\n\ndef one(net, x):\n    return net(x)\n",
        "def run(net, x):\n    torch.set_grad_enabled(False)\n    return net(x)\n",
        "def run(layers, x):\n    with torch.inference_mode():\n        return layers[0](x)\n",
        "def run(tagger: Net, x):\n    return tagger(x).argmax(1)\n",
        "def run(tagger: 'Net | None', x):\n    return tagger(x).argmax(1)\n",
    ],
)
def test_what_may_evaluate_train_or_ship_needs_it(more: str) -> None:
    assert is_worth(dedent(MODULE) + "\n" + more)


def test_what_a_neighbour_does_with_a_model_counts() -> None:
    script = "from net import Net\nfrom engine import run\n\nrun(Net(), 3)\n"
    engine = "import torch\n\ndef run(net, x):\n    with torch.no_grad():\n        return net(x)\n"
    assert is_worth(script, {"net.py": dedent(MODULE), "engine.py": engine})
    assert not is_worth(script, {"net.py": dedent(MODULE), "engine.py": "def run(net, x):\n    print(x)\n"})


def test_what_a_neighbour_does_by_itself_on_import_is_found_in_that_file() -> None:
    shared = "import torch\nfrom net import Net\n\nnet = Net()\nwith torch.no_grad():\n    print(net(3))\n"
    files = {"net.py": dedent(MODULE), "shared.py": shared}
    assert not is_worth("from shared import net\n\nrows = list(range(3))\n", files)
    assert roots_of("from shared import net\n\nnet(3).backward()\n", files) == {""}


def test_only_what_leads_to_a_finding_or_tells_of_its_models_is_looked_at_by_itself() -> None:
    text = """
        import torch

        def predict(net, x):
            with torch.no_grad():
                return net(x)

        def report(net, x):
            print(predict(net, x))

        def optimizer(net):
            return torch.optim.SGD(net.parameters(), lr=0.1)

        def plot(curve):
            return [x.item() for x in curve]
    """
    assert roots(link(source(text), None)) == {"predict", "report", "optimizer"}


def test_what_nobody_hands_to_a_function_is_a_model_by_name_or_annotation_only() -> None:
    text = "import torch\n\n@torch.no_grad()\ndef step({0}):\n    return {0}()\n"
    assert not is_worth(text.format("closure"))
    assert is_worth(text.format("model"))


@pytest.mark.parametrize(
    "more",
    [
        "def test_net(model_cls=Net):\n    return model_cls(8)\n",
        "def test_net(filter_fn):\n    net = Net(8)\n    return filter_fn(net.state_dict())\n",
        "clean = str.strip\n\n@torch.no_grad()\ndef names(keys):\n    return [clean(k) for k in keys]\n",
        "@torch.no_grad()\ndef names(keys, old):\n    old[keys.lower('a')] = 1\n    return keys.lower(old)\n",
        "@torch.no_grad()\ndef tell(logger, x):\n    x.info = 3\n    logger.info(x)\n",
        "class Sum(Net):\n    def head(self, x):\n        return self.body(x) / x.max()\n",
        "class Flat(Net):\n    def reset(self):\n        self.flatten.train(self.training)\n\n"
        "@torch.no_grad()\ndef fill(weight, kernel):\n    weight.copy_(kernel.flatten(1))\n",
        "def convert_sync_batchnorm(net):\n    return [convert_sync_batchnorm(n) for n in net.children()]\n",
    ],
)
def test_what_builds_or_computes_needs_none(more: str) -> None:
    assert not is_worth(dedent(MODULE) + "\n" + more)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_no_finding_of_an_example_is_lost(rule: object) -> None:
    for text in (rule.bad, rule.good):  # type: ignore[attr-defined]
        whole, static = (look(analyze(source(text), static=static)) for static in (False, True))
        assert static == whole
