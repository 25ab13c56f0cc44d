"""What only looked wrong in repositories never looked at before, each beside the fault that it resembles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.rules import check

HELD = """
    class Critic(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = Net()
            self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)

        def value(self, x):
            self.eval()
            return self.model(x).argmax(1)

        def learn(self, batches):
            self.train()
            for x, y in batches:
                self.optimizer.zero_grad()
                F.cross_entropy(self.model(x), y).backward()
                self.optimizer.step()

        def train(self, mode=True):
            {switch}
"""
FINE_TUNED = """
    class Pretrained(Net):
        def __init__(self):
            super().__init__()
            self.eval()

    def fit(loader):
        model = Pretrained()
        optimizer = torch.optim.Adam({parameters})
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
"""
BRINGS_WEIGHTS = """
    class Pretrained(Net):
        def __init__(self, weights=None):
            super().__init__()
            if weights != None:
                self.load_state_dict(torch.load(weights))
                {switch}

    @torch.no_grad()
    def evaluate(args, loader):
        model = Pretrained(args.weights)
        print([model(x).argmax(1) for x, _ in loader])
"""
PREDICTS = """
    class Mixin:
        def predict(self, x):
            return self.model(x)

        def {caller}(self, x, y):
            return F.cross_entropy(self.predict(x), y)

        def run(self, loader):
            self.model = Net()
            self.model.train()
            for x, y in loader:
                self.backwards(self.{caller}(x, y))
"""
EXPLAINS = """
    class Explainer(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model, self.scale = model, nn.Dropout()

        def forward(self, x):
            {switch}
            return self.scale(self.model(x))

    @torch.no_grad()
    def evaluate(model, loader):
        explainer = Explainer(model)
        print([explainer(x).argmax(1) for x, _ in loader])
"""
STICKS = """
    import torch_geometric.nn as gnn

    class Graph(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = gnn.{layer}

        def forward(self, x, edges):
            return self.conv(x, edges)

    def fit(loader, val_loader, edges):
        model = Graph()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for epoch in range(3):
            for x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x, edges), y).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                print([model(x, edges).argmax(1) for x, _ in val_loader])
"""
TARGETS = """
    import torchvision

    def fit(loader):
        model, {target} = Net(), torchvision.models.resnet18()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for x, _ in loader:
            with torch.no_grad():
                wanted = {target}(x)
            optimizer.zero_grad()
            F.mse_loss(model(x), wanted).backward()
            optimizer.step()
"""
LISTED = """
    from blocks import ConvBlock, StableDropout

    class Tower(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = [{layer} for _ in range(3)]

        def forward(self, x):
            return sum(block(x) for block in self.blocks)
"""
REWRITTEN = """
    class Detect(nn.Module):
        export = {default}

        def forward(self, x):
            self.training |= self.export
            return x if self.training else x.sigmoid()
"""
WRAPPED = """
    from zoo import encoders

    class Fused(nn.Module):
        def __init__(self, encoders, head):
            super().__init__()
            self.head = head
            self.encoders = encoders

        def forward(self, xs):
            return self.head([encoder(x) for encoder, x in zip(self.encoders, xs)])

    def evaluate(head, loader):
        model = Fused(encoders(), head)
        with torch.no_grad():
            for xs in loader:
                {switch}
                print(model(xs).argmax(1))
"""
PAIRS = {
    "a wrapper of what is handed in": (WRAPPED, "switch", "pass", "model.train()", "MR106"),
    "a `train` that names torch's": (HELD, "switch", "return nn.Module.train(self, mode)", "pass", "MR102"),
    "a part that learns in a frozen rest": (
        *(FINE_TUNED, "parameters"),
        *("model.fc.parameters()", "model.parameters()", "MR102"),
    ),
    "a constructor that switches what it loads": (BRINGS_WEIGHTS, "switch", "self.eval()", "pass", "MR103"),
    "a training's own `predict`": (PREDICTS, "caller", "training_loss", "validation_loss", "MR101"),
    "a forward that switches its part": (EXPLAINS, "switch", "self.model.eval()", "pass", "MR103"),
    "graph convolutions without dropout": (
        *(STICKS, "layer"),
        *("GATConv(4, 2)", "GATConv(4, 2, dropout=0.5)", "MR102"),
    ),
    "the target of a critic": (TARGETS, "target", "critic_target", "teacher", "MR108"),
    "a class that is only called like a layer": (LISTED, "layer", "ConvBlock(4)", "nn.Linear(4, 4)", "MR205"),
    "a class that is called like a dropout": (LISTED, "layer", "ConvBlock(4)", "StableDropout(4)", "MR205"),
    "a flag that an export sets": (REWRITTEN, "default", "False", "True", "MR210"),
}


@pytest.mark.parametrize(("script", "key", "right", "wrong", "rule"), PAIRS.values(), ids=PAIRS)
def test_innocent_and_the_fault_beside_it(
    script: str, key: str, right: str, wrong: str, rule: str, faults: Callable[[str], list[str]]
):
    assert faults(script.format(**{key: right})) == []
    assert {fault.partition(" ")[0] for fault in faults(script.format(**{key: wrong}))} == {rule}


INNOCENT = {
    "what is cast keeps its mode, and what is converted runs nothing": """
        from typing import cast

        def evaluate(path, x):
            net = Net()
            net.eval()
            print(cast(nn.Module, net)(x).argmax(1))
            print(net.to_infer_model(x).argmax(1))
    """,
    "two frameworks compared on made-up arrays": """
        import numpy as np
        from other import converted

        net = Net()
        x = np.random.sample((2, 4)).astype(np.float32)
        with torch.no_grad():
            y = net(torch.Tensor(x))
        np.testing.assert_almost_equal(y.numpy(), converted(x))
    """,
    "the time of a model that is handed in": """
        import time

        def benchmark(model, data):
            start = time.perf_counter()
            with torch.no_grad():
                _ = model(data)
            return time.perf_counter() - start
    """,
    "fields that the class never sets": """
        from dataclasses import dataclass

        @dataclass
        class Pipeline:
            aspect_model: object

            def predict(self, texts):
                return self.aspect_model(texts).argmax(1)
    """,
    "a hook of Lightning in a mixin": """
        class SupervisedMixin:
            def validation_step(self, batch, index):
                with torch.no_grad():
                    return self.model(batch["x"]).argmax(1)

            def set_up(self, model):
                self.model = model
    """,
    "a module by the name of its base": """
        from base import BaseModuleClass

        class Coder(BaseModuleClass):
            def __init__(self):
                super().__init__()
                self.encoder = Net()

            def inference(self, x):
                return self.encoder(x).argmax(1)
    """,
}


@pytest.mark.parametrize("script", INNOCENT.values(), ids=INNOCENT)
def test_innocent(script: str, faults: Callable[[str], list[str]]):
    assert faults(script) == []


MIXED = """
    from zoo import Graph

    class Mixed:
        def __init__(self):
            self.net = Graph().cuda()

        def predict_noise(self, x):
            with torch.no_grad():
                return self.net(x).argmax(1)

        def {name}(self, x):
            self.net.train()
            return self.net.loss(x, self.predict_noise(x))
"""


@pytest.mark.parametrize(("name", "rule"), [("node_loss", "MR103"), ("quality", "MR106")])
def test_what_makes_a_loss_is_no_evaluation(name: str, rule: str, faults: Callable[[str], list[str]]):
    assert [fault.partition(" ")[0] for fault in faults(MIXED.format(name=name))] == [rule]


MAKES = """
    import libs.nets

    def evaluate(x):
        model = libs.nets.get_model("a")
        print(model(x).argmax(1))
"""
BUILDS = (
    "class Frozen:\n    def __init__(self):\n        self.drop = Dropout()\n        {}\n\n"
    "def get_model(name):\n    return Frozen()\n"
)


@pytest.mark.parametrize(("switch", "severity"), [("self.eval()", "note"), ("pass", "warning")])
def test_another_file_of_the_project_may_switch(switch: str, severity: str, tmp_path: Path):
    files = {"pyproject.toml": "", "libs/nets.py": BUILDS.format(switch), "score.py": dedent(MAKES)}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    source = parse.read(tmp_path / "score.py", tmp_path)
    (finding,) = check(analyze(source, parse.read, elsewhere=parse.elsewhere), select=["MR101"])
    assert finding.severity.value == severity
