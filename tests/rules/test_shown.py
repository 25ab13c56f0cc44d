"""What has to be shown before a warning: that it is a network, and that nobody else switches it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.records import Finding
from modereview.rules import check

# Of a `model` that a class out of view builds nothing says that it is a network, until something does.
BUILT = {
    "by its name alone": ("from zoo import Propagation", "model = Propagation(3)", "note"),
    "by the name of its class": ("from zoo import PointNet", "model = PointNet(3)", "warning"),
    "moved": ("from zoo import Propagation", "model = Propagation(3).cuda()", "warning"),
    "loaded": ("from zoo import Propagation", "model = Propagation(3); model.load_state_dict(s)", "warning"),
    "a class with no mode": ("from torch_geometric.nn import Node2Vec", "model = Node2Vec(3).cuda()", "note"),
    "by a function": ("from zoo import assemble", "model = assemble(3)", "warning"),
}


@pytest.mark.parametrize(("importing", "building", "severity"), BUILT.values(), ids=BUILT)
def test_what_shows_that_it_is_a_network(
    importing: str, building: str, severity: str, findings: Callable[[str], tuple[Finding, ...]]
):
    script = f"{importing}\n\ndef evaluate(x, s):\n    {building}\n    print(model(x).argmax(1))\n"
    (finding,) = findings(script)
    assert (finding.rule, finding.severity.value) == ("MR101", severity)


@pytest.mark.parametrize(("package", "count"), [("lpips", 0), ("zoo", 1)])
def test_a_measure_that_comes_in_eval(
    package: str, count: int, findings: Callable[[str], tuple[Finding, ...]]
):
    body = "def evaluate(x, y):\n    net = LPIPS()\n    print(net(x, y).item())\n"
    assert len(findings(f"from {package} import LPIPS\n\n{body}")) == count


@pytest.mark.parametrize(("framework", "severity"), [("mxnet", "note"), ("numpy", "warning")])
def test_a_script_of_another_framework(framework: str, severity: str):
    text = f"""\
import {framework}
from torchvision.transforms import transforms
from zoo import get_model

net = get_model("resnest")


def evaluate(data):
    return [net(x).asnumpy() for x in data]
"""
    alone = parse.decode(Path("/project/score.py"), Path("/project"), text.encode())
    (finding,) = check(analyze(alone), select=["MR101"])
    assert finding.severity.value == severity


def test_what_is_not_known_is_said(findings: Callable[[str], tuple[Finding, ...]]):
    script = (
        "from zoo import PointNet\n\ndef evaluate(x):\n    net = PointNet(3)\n    print(net(x).argmax(1))\n"
    )
    (finding,) = findings(script)
    assert finding.message == "`net` is evaluated in whatever mode `PointNet` built it in"
    assert (
        finding.facts[0]
        == "what `PointNet` makes is not in view: whether a layer of it depends on the mode is not known"
    )


PICKLED = """
    import pickle
    import torch

    def evaluate(path, x):
        net = {saved}
        print(net(x).argmax(1))
"""


@pytest.mark.parametrize(
    ("saved", "severity"),
    [("pickle.load(open(path, 'rb')).cuda()", "note"), ("torch.load(path)", "note")],
)
def test_what_is_saved_whole_brings_its_mode(
    saved: str, severity: str, findings: Callable[[str], tuple[Finding, ...]]
):
    (finding,) = (f for f in findings(PICKLED.format(saved=saved)) if f.rule == "MR101")
    assert finding.severity.value == severity


JOINED = """
    from zoo import First, Second

    def fit(loader, val_loader):
        model = Net()
        both = nn.Sequential(First(), Second())
        optimizer = torch.optim.SGD({optimized}, 0.1)
        for x, y in loader:
            step(model, (both(x), y), optimizer)
        model.eval()
        with torch.no_grad():
            print([model(both(x)).argmax(1) for x, _ in val_loader])
"""


@pytest.mark.parametrize(
    ("optimized", "rules"),
    [("model.parameters()", []), ("[*model.parameters(), *both.parameters()]", ["MR103 warning"])],
)
def test_objects_that_are_only_joined(optimized: str, rules: list[str], faults: Callable[[str], list[str]]):
    found = faults(JOINED.format(optimized=optimized))
    assert [fault[: len("MR103 warning")] for fault in found] == rules


SHAPES = {
    "the shape of a part": ('out = net(x)\n    print(out["mask"].shape)', "note"),
    "the size at once": ("print(net(x).size(1))", "note"),
    "how many": ("out = net(x)\n    print(len(out[0]))", "note"),
    "the name means something else later": (
        "out = net(x)\n    print(out.shape)\n    out = 0\n    print(out)",
        "note",
    ),
    "cut to its own length": (
        "out = net(x)\n    out = out[: out.shape[0]]\n    print(out.argmax(1))",
        "warning",
    ),
    "the shape and the numbers": ("out = net(x)\n    print(out.shape, out.argmax(1))", "warning"),
}


@pytest.mark.parametrize(("asking", "severity"), SHAPES.values(), ids=SHAPES)
def test_only_the_shape_is_looked_at(
    asking: str, severity: str, findings: Callable[[str], tuple[Finding, ...]]
):
    script = f"import torchvision\n\ndef evaluate(x):\n    net = torchvision.models.vgg11()\n    {asking}\n"
    (finding,) = findings(script)
    assert (finding.rule, finding.severity.value) == ("MR101", severity)


BASE = """
    class Solver:
        def epoch(self, loader, training):
            {switching}
            for batch in loader:
                self.run_step(batch)

        def generate(self):
            self.prepare()
"""
SOLVER = """
    import torch
    from torch import nn
    from base import Solver

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.5)
        def forward(self, x):
            return self.drop(x)

    class Compression(Solver):
        def __init__(self):
            self.model = Net()
            self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)

        def run_step(self, batch):
            self.model(batch).sum().backward()
            self.optimizer.step()

        def evaluate(self, batch):
            self.model.eval()
            with torch.no_grad():
                print(self.model(batch).argmax(1))
"""
GENERATOR = """
    from base import Solver
    from zoo import build_model

    class Sampling(Solver):
        def __init__(self):
            self.model = build_model()

        def run_step(self, batch):
            return self.model(batch).argmax(1)

        def evaluate(self, batch):
            return self.model(batch).argmax(1)

    if __name__ == "__main__":
        Sampling().generate()
"""


def _review(folder: Path, script: str, base: str | None) -> list[str]:
    (folder / "pyproject.toml").write_text("")
    if base is not None:
        (folder / "base.py").write_text(dedent(base))
    path = folder / "solver.py"
    path.write_text(dedent(script))
    source = parse.decode(path, folder, path.read_bytes())
    return [f"{f.rule} {f.severity.value} {f.function}" for f in check(analyze(source, parse.read))]


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (BASE.format(switching="self.model.train(training)"), []),
        (BASE.format(switching="pass"), ["MR102 warning Compression.run_step"]),
        (None, []),
    ],
    ids=["switches", "switches nothing", "out of view"],
)
def test_a_base_class_that_drives_the_training(tmp_path: Path, base: str | None, expected: list[str]):
    found = _review(tmp_path, SOLVER, base)
    assert [f for f in found if f.startswith("MR102")] == expected


@pytest.mark.parametrize(
    ("base", "of_step", "of_evaluation"),
    [
        (BASE.format(switching="self.model.eval()"), "note", "warning"),
        (BASE.format(switching="pass"), "warning", "warning"),
        (None, "note", "note"),
    ],
    ids=["switches", "switches nothing", "out of view"],
)
def test_a_base_class_that_drives_the_evaluation(
    tmp_path: Path, base: str | None, of_step: str, of_evaluation: str
):
    script = GENERATOR.replace("run_step", "decode_batch")
    found = _review(tmp_path, script, base.replace("run_step", "decode_batch") if base else None)
    assert found == [
        f"MR101 {of_step} Sampling.decode_batch",
        f"MR101 {of_evaluation} Sampling.evaluate",
    ]


def test_a_class_that_switches_itself_answers_for_all_its_methods(tmp_path: Path):
    predict = """
        def predict(self, batch):
            self.model.eval()
            return self.model(batch).argmax(1)

    if"""
    found = _review(tmp_path, GENERATOR.replace("    if", predict.lstrip("\n"), 1), None)
    assert "MR101 warning Sampling.evaluate" in found


ONE_OF_TWO = """
import torch
from torch import nn


class {minds}(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(3, 3), nn.BatchNorm1d(3))


class {plain}(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(3, 3), nn.ReLU())


class Trainer:
    def __init__(self, toy):
        if toy:
            self.net = {first}()
        else:
            self.net = {second}()

    def test(self, loader):
        for x in loader:
            print(self.net(x).argmax(1))
"""


@pytest.mark.parametrize(("minds", "plain"), [("Aa", "Zz"), ("Zz", "Aa")])
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_networks_that_it_may_be_the_one_that_minds_counts(minds, plain, turned, findings):
    first, second = (minds, plain) if turned else (plain, minds)
    found = findings(ONE_OF_TWO.format(minds=minds, plain=plain, first=first, second=second))
    assert [(f.rule, f.severity.value) for f in found] == [("MR101", "warning")]
    assert "BatchNorm1d" in found[0].facts[0]
