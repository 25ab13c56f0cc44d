"""Each contract holds for a right script, and fails for a faulty one with a message that names the fault.

A faulty script is the right one with one piece replaced. All tests run in one real pytest.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from modereview.parse import read
from modereview.plan.contracts import applies, contracts
from modereview.records import Drive, ModuleClass, Plan, Program, Recipe, Span, Target, Value
from modereview.write.builtin import write

SCRIPT = """
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 16)
        self.bn = nn.BatchNorm1d(16)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        return self.out(self.drop(self.bn(self.fc(x))))


def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum(F.mse_loss(model(x), y).item() for x, y in loader)


def fit(model, loader, optimizer):
    train(model, loader, optimizer)
    return validate(model, loader)
"""
TRAIN = ("script.train(model, loader, optimizer)", "train")
VALIDATE = ("script.validate(model, loader)", "evaluate")
FIT = ("script.fit(model, loader, optimizer)", "train evaluate")
SWITCH = ("model.eval()", "")


@dataclass(frozen=True)
class Fault:
    """A fault, and what the test of a contract says of it. Without `old` nothing is wrong."""

    contract: str
    message: str = ""
    old: str = ""
    new: str = ""
    drives: tuple[tuple[str, str], ...] = ()  # (statement, its roles)


HIDDEN_DROPOUT = "super().__init__(); self.parts = [nn.Dropout()]"
HIDDEN_LAYER = "super().__init__(); self.parts = {'a': nn.Linear(1, 1)}"
HIDDEN_ACTIVATION = "super().__init__(); self.parts = [nn.ReLU()]"
ONE_WAY = """    def train(self, mode=True):
        self.training = mode
        return self if mode else super().train(False)

    def forward"""
TO_TRAIN, TO_EVAL = "    model.train()\n", "    model.eval()\n"
FAULTS = [
    Fault("eval_is_deterministic", "gave two outputs in EVAL", "self.drop(", "F.dropout("),
    Fault("eval_is_deterministic", "gave two outputs in EVAL", "self.drop(", "nn.Dropout(0.5)("),
    Fault("eval_leaves_buffers_alone", "changed bn.running_mean", "self.bn(", "self.bn.train()("),
    Fault("eval_sample_independent_of_batch", "with its neighbours", "self.bn(", "nn.BatchNorm1d(16)("),
    Fault("train_is_stochastic", "dropout is never on", "nn.Dropout(0.5)", "nn.Dropout(0.0)"),
    Fault("switches_reach_every_submodule", "left parts in TRAIN", "super().__init__()", HIDDEN_DROPOUT),
    Fault("switches_reach_every_submodule", "left parts in TRAIN", "super().__init__()", HIDDEN_LAYER),
    Fault("eval_and_back_restores_train", "fc, bn, drop", "    def forward", ONE_WAY),
    Fault("training_runs_in_train_mode", "4 of 6 trained forwards", TO_TRAIN, "", (TRAIN, VALIDATE)),
    Fault("training_runs_in_train_mode", "forward 1 of fit in round 2", TO_TRAIN, "", (FIT,)),
    Fault("training_runs_in_train_mode", "forward 1 of train in round 1", TO_TRAIN, "", (SWITCH, TRAIN)),
    Fault("evaluation_runs_in_eval_mode", "6 of 6 evaluating forwards", TO_EVAL, "", (VALIDATE,)),
    Fault("evaluation_runs_in_eval_mode", "forward 1 of validate", TO_EVAL, "", (TRAIN, VALIDATE)),
    Fault("evaluation_runs_in_eval_mode", "forward 3 of fit in round 1", TO_EVAL, "", (FIT,)),
]
HARMLESS = [
    Fault("switches_reach_every_submodule", "", "super().__init__()", HIDDEN_ACTIVATION),
    Fault("training_runs_in_train_mode", "", TO_TRAIN, TO_TRAIN + "    model.bn.eval()\n", (TRAIN,)),
    Fault("eval_is_deterministic", "", "return self", "x += 1; return self"),
    Fault("eval_is_deterministic", "", "return self", "return {'a': [x], 'b': None}, self"),
    Fault("eval_is_deterministic", "", "return self", "x = x / 0; return self"),
]
RIGHT = [
    Fault(contract, drives=drives)
    for contract, drives in dict.fromkeys((f.contract, f.drives) for f in FAULTS)
]
ALL = [*FAULTS, *HARMLESS, *RIGHT]


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each test failed with, "" where it passed, by the name of its file."""
    folder = tmp_path_factory.mktemp("project")
    for number, fault in enumerate(ALL):
        _write(fault, folder, f"script_{number}")
    report = folder / "report.xml"
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    line = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", folder]
    done = subprocess.run(line, cwd="/", env=environ, capture_output=True, text=True, check=False)
    cases = [*ElementTree.parse(report).iter("testcase")]
    assert len(cases) == len(ALL), done.stdout
    assert not [case for case in cases if case.find("error") is not None], done.stdout
    failures = {str(case.get("classname")): case.find("failure") for case in cases}
    return {
        name.rpartition(".")[2]: "" if f is None else f.get("message", "") for name, f in failures.items()
    }


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.contract}-{fault.message}")
def test_a_contract_fails_for_a_fault_and_names_it(fault: Fault, messages: dict[str, str]) -> None:
    message = messages[f"test_script_{ALL.index(fault)}"]
    assert message.startswith("AssertionError")
    assert fault.message in message


@pytest.mark.parametrize("fault", [*HARMLESS, *RIGHT], ids=lambda fault: fault.contract)
def test_a_contract_holds_for_a_right_script(fault: Fault, messages: dict[str, str]) -> None:
    assert messages[f"test_script_{ALL.index(fault)}"] == ""


def test_every_contract_is_shown_to_fail() -> None:
    assert {fault.contract for fault in FAULTS} == {contract.id for contract in contracts()}


def _write(fault: Fault, folder: Path, name: str) -> None:
    assert not fault.old or SCRIPT.count(fault.old) == 1
    (folder / f"{name}.py").write_text(SCRIPT.replace(fault.old, fault.new) if fault.old else SCRIPT)
    net = ModuleClass("Net", Span(7, 1, 8, 1), (), (), (), True, ("BatchNorm1d", "Dropout"), False)
    program = Program(read(folder / f"{name}.py", folder), modules=(net,))
    recipe = _recipe(fault)
    contract = next(each for each in contracts() if each.id == fault.contract)
    assert applies(contract, recipe, program)
    path = folder / f"test_{name}.py"
    path.write_text(write(Plan(program, (), "import", path, (recipe,), ((contract, recipe),))).render())


def _recipe(fault: Fault) -> Recipe:
    model = Value("model", "script.Net()")
    if not fault.drives:
        return Recipe(Target("module", "Net"), (model, Value("inputs", "(torch.randn(8, 6),)")))
    loader = Value("loader", "[(torch.randn(8, 6), torch.randn(8, 2)) for _ in range(2)]")
    optimizer = Value("optimizer", "torch.optim.SGD(model.parameters(), lr=0.01)")
    drives = tuple(Drive(code, frozenset(roles.split()), 7) for code, roles in fault.drives)
    return Recipe(Target("scenario", "train"), (model, loader, optimizer), drives)
