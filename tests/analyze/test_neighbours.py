"""Files beside the script that it imports are followed: their classes, functions and constants are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import TypeAlias

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.errors import InputError
from modereview.records import Finding, Program, Source
from modereview.rules import check

ROOT = Path("/project")
Project: TypeAlias = Mapping[str, str]  # file -> text; "train.py" is under review

MODEL = """\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.norm(x))

    def sample(self, x):
        self.eval()
        y = self.fc(self.norm(x))
        self.train()
        return y

    def sample_and_stay(self, x):
        self.eval()
        return self.fc(self.norm(x))
"""
UTILS = """\
import torch

def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader)

def look(model, loader):
    with torch.no_grad():
        return [model(x) for x, y in loader]
"""
ENGINE = """\
import torch.nn.functional as F

def train_one_epoch(model, loader, optimizer):
    model.train()
    steps(model, loader, optimizer)

def steps(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
"""
NEIGHBOURS = {"model.py": MODEL, "utils.py": UTILS, "engine.py": ENGINE}

TRAIN = """\
import torch
import torch.nn.functional as F
from model import Net
from utils import evaluate

model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

"""

TRAINS_IN_EVAL = "MR102 error F.cross_entropy(model(x), y).backward()"


def reader(files: Project, asked: list[str] | None = None) -> Callable[[Path, Path], Source]:
    """Reads files of a project that is nowhere on disk."""

    def read(path: Path, root: Path) -> Source:
        name = path.relative_to(ROOT).as_posix()
        if asked is not None and name in files:
            asked.append(name)
        if name not in files:
            raise InputError(f"{name} does not exist. Check the path.")
        return parse.decode(path, root, dedent(files[name]).encode())

    return read


def look(files: Project, asked: list[str] | None = None, script: str = "train.py") -> Program:
    read = reader({**NEIGHBOURS, **files}, asked)
    return analyze(read(ROOT / script, ROOT), neighbours=read)


def found(files: Project) -> list[str]:
    """Errors and warnings of the mode rules, as "rule severity line"."""
    return [
        f"{f.rule} {f.severity.value} {f.line_text}"
        for f in check(look(files), select=["MR101", "MR102", "MR103"])
        if f.severity.value != "note"
    ]


def only(program: Program) -> Finding:
    (finding,) = check(program, select=["MR101", "MR102", "MR103"])
    return finding


def modes(files: Project) -> dict[str, str]:
    """Model -> its modes, sorted."""
    modes: dict[str, set[str]] = {}
    for forward in look(files).forwards:
        modes.setdefault(forward.model, set()).add(forward.mode.value)
    return {model: " ".join(sorted(each)) for model, each in modes.items()}


def test_layers_of_an_imported_class_make_an_error_of_a_warning() -> None:
    script = TRAIN + "for epoch in range(9):\n    model.eval()\n    train(range(3))\n"
    alone = check(analyze(parse.decode(ROOT / "train.py", ROOT, script.encode())), select=["MR102"])
    assert [f.severity.value for f in alone] == ["warning"]
    assert found({"train.py": script}) == [TRAINS_IN_EVAL]


def test_an_imported_class_without_such_layers_makes_a_note() -> None:
    plain = MODEL.replace("nn.BatchNorm1d(4)", "nn.Linear(4, 4)")
    script = TRAIN + "model.eval()\ntrain(range(3))\n"
    assert only(look({"train.py": script, "model.py": plain})).severity.value == "note"


def test_an_evaluation_in_a_neighbour_that_leaves_eval_behind() -> None:
    program = look({"train.py": TRAIN + "for e in range(9):\n    train([])\n    evaluate(model, [])\n"})
    finding = only(program)
    assert (finding.rule, finding.severity.value) == ("MR102", "error")
    assert finding.line_text == "F.cross_entropy(model(x), y).backward()"
    assert finding.message == "from the second epoch on, `model` trains in eval mode"
    switch, _ = finding.evidence
    assert (switch.span.line, switch.text) == (17, "switched to EVAL in utils.py:4, in `utils.evaluate`")


def test_a_training_in_a_neighbour_that_switches_back() -> None:
    script = """\
    import torch, utils
    from engine import train_one_epoch
    from model import Net
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(9):
        train_one_epoch(model, [], optimizer)
        utils.evaluate(model, [])
    """
    assert found({"train.py": script}) == []
    assert found({"train.py": script.replace("train_one_epoch", "steps")}) == [
        "MR102 error steps(model, [], optimizer)"
    ]


def test_a_fault_in_a_neighbour_is_told_at_the_call_that_leads_there() -> None:
    program = look({"train.py": TRAIN + "from utils import look\n\ntrain([])\nprint(look(model, []))\n"})
    finding = only(program)
    assert (finding.rule, finding.severity.value, finding.line_text) == (
        "MR103",
        "error",
        "print(look(model, []))",
    )
    led = finding.evidence[1]
    assert (led.span.line, led.text) == (18, "leads to the call of `model` in utils.py:10")


def test_a_model_that_only_the_neighbour_names_is_told_with_its_file() -> None:
    solver = """
        import torch
        from model import Net

        class Solver:
            def __init__(self):
                self.G = Net()

            def test(self, loader):
                with torch.no_grad():
                    return [self.G(x) for x in loader]
    """
    script = "import torch\nfrom solver import Solver\n\nprint(Solver().test(loader))\n"
    finding = only(look({"train.py": script, "solver.py": dedent(solver)}))
    assert finding.message.startswith("`self.G of solver.py` is evaluated in train mode")


def test_a_generator_that_a_neighbour_samples_where_it_trains_is_a_note() -> None:
    solver = """
        import torch
        from model import Net

        class Solver:
            def __init__(self):
                self.G = Net()
                self.g_optimizer = torch.optim.Adam(self.G.parameters())

            def train(self, loader):
                for z, fixed in loader:
                    self.g_optimizer.zero_grad()
                    self.G(z).mean().backward()
                    self.g_optimizer.step()
                    with torch.no_grad():
                        print(self.G(fixed))
    """
    script = "import torch\nfrom solver import Solver\n\nSolver().train(loader)\n"
    finding = only(look({"train.py": script, "solver.py": dedent(solver)}))
    assert (finding.rule, finding.severity.value) == ("MR103", "note")


@pytest.mark.parametrize(
    "method, faults",
    [("sample", []), ("sample_and_stay", [TRAINS_IN_EVAL])],
)
def test_a_method_of_an_imported_model_that_switches(method: str, faults: list[str]) -> None:
    script = TRAIN + f"for epoch in range(9):\n    train([])\n    print(model.{method}(torch.ones(1, 4)))\n"
    assert found({"train.py": script}) == faults


def test_what_lies_within_one_call_is_left_to_the_review_of_the_neighbour() -> None:
    tune = UTILS + "\ndef tune(model, x, optimizer):\n    model.eval()\n    model(x).sum().backward()\n"
    script = TRAIN + "from utils import tune\ntrain([])\ntune(model, 1, optimizer)\noptimizer.step()\n"
    assert found({"train.py": script, "utils.py": tune}) == []


WAYS = {
    "a name": ("from utils import evaluate as judge", "judge", "utils.py"),
    "a module": ("import utils", "utils.evaluate", "utils.py"),
    "a module under another name": ("import utils as u", "u.evaluate", "utils.py"),
    "beside the script, relative": ("from .utils import evaluate", "evaluate", "utils.py"),
    "a module, relative": ("from . import utils", "utils.evaluate", "utils.py"),
    "everything": ("from utils import *", "evaluate", "utils.py"),
    "a folder": ("from lib.utils import evaluate", "evaluate", "lib/utils.py"),
    "a module of a folder": ("from lib import utils", "utils.evaluate", "lib/utils.py"),
    "a module of a folder, under another name": ("import lib.utils as u", "u.evaluate", "lib/utils.py"),
    "within a function": ("def go():\n    from utils import evaluate", "evaluate", "utils.py"),
}


@pytest.mark.parametrize("line, call, place", WAYS.values(), ids=WAYS)
def test_ways_to_import(line: str, call: str, place: str) -> None:
    head = TRAIN.replace("from utils import evaluate", line)
    script = head + f"for epoch in range(9):\n    train([])\n    {call}(model, [])\n"
    assert found({"train.py": script, place: UTILS}) == [
        "MR102 error F.cross_entropy(model(x), y).backward()"
    ]


@pytest.mark.parametrize("init", ["from .net import Net", "from .net import *", "from lib.net import Net"])
def test_a_folder_that_hands_on_its_classes(init: str) -> None:
    script = TRAIN.replace("from model import", "from lib import") + "model.eval()\ntrain([])\n"
    files = {"train.py": script, "lib/__init__.py": init, "lib/net.py": MODEL}
    assert found(files) == [TRAINS_IN_EVAL]


def test_a_neighbour_takes_the_parts_of_its_model_from_a_star_import() -> None:
    parts = "import torch.nn as nn\n\nclass Part(nn.Module):\n" + (
        "    def __init__(self):\n        super().__init__()\n        self.norm = nn.BatchNorm1d(4)\n"
    )
    whole = "from .parts import *\n\nclass Net(nn.Module):\n" + (
        "    def __init__(self):\n        super().__init__()\n        self.part = Part()\n"
        "    def forward(self, x):\n        return self.part(x)\n"
    )
    script = TRAIN.replace("from model import", "from lib.whole import") + "model.eval()\ntrain([])\n"
    files = {"train.py": script, "lib/__init__.py": "", "lib/whole.py": whole, "lib/parts.py": parts}
    assert found(files) == [TRAINS_IN_EVAL]


def test_a_script_in_a_folder_of_the_project_imports_from_its_root() -> None:
    script = TRAIN + "model.eval()\ntrain([])\n"
    program = look({"tools/train.py": script}, script="tools/train.py")
    assert only(program).severity.value == "error"


def test_constants_of_a_neighbour_decide_conditions() -> None:
    script = TRAIN + "from config import FROZEN\nif FROZEN:\n    model.eval()\ntrain([])\n"
    assert modes({"train.py": script, "config.py": "FROZEN = False\n"}) == {"model": "TRAIN"}
    assert modes({"train.py": script, "config.py": "FROZEN = True\n"}) == {"model": "EVAL"}


def test_equal_names_in_two_files_stay_apart() -> None:
    utils = "from model import Net\n\nmodel = Net().eval()\n\ndef train(model):\n    model.eval()\n"
    script = TRAIN.replace("import evaluate", "import train as other") + "train([])\n"
    assert modes({"train.py": script, "utils.py": utils}) == {"model": "TRAIN"}
    assert modes({"train.py": script + "other(model)\nmodel(1)\n", "utils.py": utils}) == {
        "model": "EVAL TRAIN"
    }


def test_a_module_that_inherits_from_a_neighbours() -> None:
    script = """\
    from model import Net as Base

    class Net(Base):
        pass

    net = Net()
    net.eval()
    print(net(1))
    """
    (module,) = look({"train.py": script}).modules
    assert (module.name, module.sensitive, module.opaque) == ("Net", ("BatchNorm1d",), False)


def test_the_program_tells_of_the_script_alone() -> None:
    program = look({"train.py": TRAIN + "for e in range(9):\n    train([])\n    evaluate(model, [])\n"})
    lines = program.source.code.count("\n")
    assert [f.name for f in program.functions] == ["train"]
    assert (program.modules, program.classes) == ((), ())
    assert program.calls == (("", "train"),)
    assert all(f.span.line <= lines and len(f.path) == len(f.through) for f in program.forwards)
    assert all(s.span.line <= lines for s in program.switches)


@pytest.mark.parametrize("text", ["def broken(:\n", "print 'old'\n", ""])
def test_a_neighbour_that_cannot_be_read_is_ignored(text: str) -> None:
    script = TRAIN + "train([])\nevaluate(model, [])\n"
    assert modes({"train.py": script, "utils.py": text}) == {"model": "TRAIN"}


def test_a_neighbour_that_runs_a_class_of_the_script() -> None:
    """Its switch and the forward lie behind one call of the script: no function here leads to both apart."""
    judge = """
        import torch

        def evaluate(make, loader):
            model = make()
            model.eval()
            return [model.act(x) for x in loader]
    """
    script = """
        import torch
        from torch import nn
        from judge import evaluate

        class Policy(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = nn.Sequential(nn.Linear(4, 4), nn.Dropout())

            def act(self, x):
                loss = self.net(x).sum()
                loss.backward()
                self.optimizer.step()

        evaluate(Policy, [])
    """
    program = look({"train.py": script, "judge.py": judge})
    assert [(f.role, f.mode.value) for f in program.forwards] == [("train", "EVAL")]
    assert {f.rule for f in check(program)} <= {"MR102", "MR901", "MR401"}


def test_files_that_import_each_other() -> None:
    files = {"train.py": TRAIN + "train([])\n", "utils.py": "from a import f\n", "a.py": "from b import f\n"}
    files |= {"b.py": "from a import f\nfrom train import model\n"}
    assert modes(files) == {"model": "TRAIN"}


def test_how_far_imports_are_followed() -> None:
    asked: list[str] = []
    chain = {f"far{i}.py": f"from far{i + 1} import x\n" for i in range(1, 9)}
    look({"train.py": TRAIN + "from far1 import x\ntrain([])\n", **chain}, asked)
    assert [name for name in asked if name.startswith("far")] == ["far1.py", "far2.py", "far3.py"]
    asked.clear()
    many = {f"n{i}.py": "x = 1\n" for i in range(40)}
    imports = "".join(f"from n{i} import x\n" for i in range(40))
    look({"train.py": TRAIN + imports + "train([])\n", **many}, asked)
    assert len(asked) == 1 + 20


def test_a_file_too_big_is_not_followed() -> None:
    big = UTILS + "# " + "x" * 2**20 + "\n"
    script = TRAIN + "for epoch in range(9):\n    train([])\n    evaluate(model, [])\n"
    assert found({"train.py": script}) != []
    assert found({"train.py": script, "utils.py": big}) == []


@pytest.mark.parametrize(
    "more",
    [
        "    pass\n",
        "    def reset(self):\n        self.head.train(self.training)\n",
        "    pass\n\nregister_model(Own)\n",
    ],
)
def test_a_file_that_only_defines_models_needs_no_others(more: str) -> None:
    asked: list[str] = []
    look({"train.py": f"from model import Net, register_model\n\nclass Own(Net):\n{more}"}, asked)
    assert asked == ["train.py"]


@pytest.mark.parametrize(
    "more", ["    def freeze(self):\n        self.head.train(False)\n", "    pass\n\nfit(Own())\n"]
)
def test_a_file_that_switches_or_starts_something_needs_them(more: str) -> None:
    asked: list[str] = []
    look({"train.py": f"from model import Net, fit\n\nclass Own(Net):\n{more}"}, asked)
    assert asked[1:] != []
