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
from modereview.analyze import analyze
from modereview.parse import read
from modereview.plan.contracts import applies, contracts
from modereview.records import Drive, Plan, Program, Recipe, Rehearsal, Target, Value
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


def export():
    torch.jit.trace(Net(), torch.randn(8, 6))
"""
CAREFUL = """
import copy
import random

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm1d(6)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(6, 2)

    def train(self, mode=True):
        super().train(mode)
        self.bn.eval()
        return self

    def eval(self):
        for part in self.children():
            part.eval()
        self.training = False
        return self

    def __deepcopy__(self, memo):
        twin = Net()
        twin.load_state_dict(copy.deepcopy(self.state_dict()))
        return twin.train(self.training)

    def forward(self, x):
        return self.out(self.drop(self.bn(x)))


def validate(model, loader):
    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            return sum(F.mse_loss(model(x), y).item() for x, y in loader)
    finally:
        model.train(was)


def distill(student, teacher, loader, optimizer):
    teacher.eval()
    student.train()
    for x, _ in loader:
        with torch.no_grad():
            target = teacher(x)
        F.mse_loss(student(x), target).backward()
        optimizer.step()


def scaled(model, loader, optimizer):
    drawn = random.Random(0)
    model.train()
    for x, y in loader:
        F.mse_loss(model(x * drawn.random()), y).backward()
        optimizer.step()


def set_seed(number):
    random.seed(number)
    torch.manual_seed(number)
"""
OWN_RUN = """
import random

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm1d(6)
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        return self.out(self.bn(x))


def main():
    torch.manual_seed(1)
    random.seed(1)
    random.random()
    teacher = Net().eval()
    student = Net()
    student.eval()
    student(torch.zeros(4, 6))
    student.train()
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    for x in torch.randn(3, 4, 6):
        optimizer.zero_grad()
        F.mse_loss(student(x), teacher(x).detach()).backward()
        optimizer.step()
    student.eval()
    torch.jit.trace(student, torch.zeros(4, 6))


if __name__ == "__main__":
    main()
"""
TRAIN = ("script.train(model, loader, optimizer)", "train")
VALIDATE = ("script.validate(model, loader)", "evaluate")
FIT = ("script.fit(model, loader, optimizer)", "train evaluate")
DISTILL = ("script.distill(model, teacher, loader, optimizer)", "train")
SCALED = ("script.scaled(model, loader, optimizer)", "train")
SEED = ("script.set_seed(1)", "")
ASK = ("F.mse_loss(student(x), teacher(x).detach()).backward()", "train target")
EXPORT = ("torch.jit.trace(student, torch.zeros(4, 6))", "export")
PROBE = ("student(torch.zeros(4, 6))", "unknown")
SWITCH = ("model.eval()", "")


@dataclass(frozen=True)
class Fault:
    """A fault, and what the test of a contract says of it. Without `old` nothing is wrong."""

    contract: str
    message: str = ""
    old: str = ""
    new: str = ""
    drives: tuple[tuple[str, str], ...] = ()  # (statement, its roles)
    script: str = SCRIPT


HIDDEN_DROPOUT = "super().__init__(); self.parts = [nn.Dropout()]"
HIDDEN_LAYER = "super().__init__(); self.parts = {'a': nn.Linear(1, 1)}"
HIDDEN_ACTIVATION = "super().__init__(); self.parts = [nn.ReLU()]"
ONE_WAY = """    def train(self, mode=True):
        self.training = mode
        return self if mode else super().train(False)

    def forward"""
NO_STATISTICS = "nn.BatchNorm1d(16, track_running_stats=False)"
UNSEEDED = "(lambda h: h * torch.rand(16, generator=torch.Generator().manual_seed(id(h))))("
GRAPH = "torch.enable_grad()"
NOTED = "self.training = False; self.out.folded = True"
RETURNS_NOTHING = "return\n\n    def eval"
NOT_BACK = "train(False)"
RATED = SCRIPT.replace("self.drop = nn.Dropout(0.5)", "self.p = 0.5").replace(
    "return self.out(self.drop(self.bn(self.fc(x))))",
    "rate = self.p if self.training else 0.0\n        return self.out(F.dropout(self.fc(x), rate))",
)
FROZEN = CAREFUL.replace("nn.Dropout(0.5)\n", "nn.Dropout(0.5)\n        self.bn.train(False)\n")
GRAPHED = SCRIPT.replace("torch.no_grad()", "torch.set_grad_enabled(False)")
WITH, LEFT_OFF = "with torch.set_grad_enabled(False):", "torch.set_grad_enabled(False)\n    if True:"
TRACE, PROBED = "torch.jit.trace(student", "student(torch.zeros(4, 6))\n"
TO_TRAIN, TO_EVAL = "    model.train()\n", "    model.eval()\n"
FAULTS = [
    Fault("eval_is_deterministic", "gave two outputs in EVAL", "self.drop(", "F.dropout("),
    Fault("eval_is_deterministic", "gave two outputs in EVAL", "self.drop(", "nn.Dropout(0.5)("),
    Fault("eval_leaves_state_alone", "changed bn.running_mean", "self.bn(", "self.bn.train()("),
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
    Fault("switches_reach_every_submodule", "left drop in TRAIN", "self.drop =", "self.__dict__['drop'] ="),
    Fault("train_moves_running_statistics", "statistics of bn", "nn.BatchNorm1d(16)", NO_STATISTICS),
    Fault("state_dict_round_trip", "the state dict lacks", "self.out = nn", "self.__dict__['out'] = nn"),
    Fault("batch_of_one_works_in_eval", "a batch of one fails", "self.bn(", "nn.BatchNorm1d(16)("),
    Fault("same_seed_same_step", "two different training steps", "self.drop(", UNSEEDED),
    Fault("traced_equals_eager", "the traced model gives", "self.drop(", "nn.Dropout(0.5)("),
    Fault("frozen_parts_stay_frozen", "thaws every module", "        self.bn.eval()\n", "", (), CAREFUL),
    Fault(
        "train_false_equals_eval",
        "leave the model, drop",
        "super().train(mode)",
        "super().train()",
        (),
        CAREFUL,
    ),
    Fault(
        "switches_return_the_model",
        "train() does not",
        "return self\n\n    def eval",
        RETURNS_NOTHING,
        (),
        CAREFUL,
    ),
    Fault("copies_keep_the_mode", "in another mode after", ".train(self.training)", "", (), CAREFUL),
    Fault("evaluation_builds_no_graph", "6 of 6 evaluating", "torch.no_grad()", GRAPH, (VALIDATE,)),
    Fault("evaluation_changes_no_state", "validate in round 1 changed", TO_EVAL, "", (VALIDATE,)),
    Fault("evaluating_again_gives_the_same", "gave other outputs", TO_EVAL, "", (VALIDATE,)),
    Fault(
        "evaluation_restores_the_mode", "validate in round 1", "train(was)", NOT_BACK, (VALIDATE,), CAREFUL
    ),
    Fault(
        "interrupted_evaluation_restores_the_mode",
        "interrupted",
        "finally",
        "except ValueError",
        (VALIDATE,),
        CAREFUL,
    ),
    Fault("teacher_stays_in_eval", "Net, asked by distill", "teacher.eval()", "pass", (DISTILL,), CAREFUL),
    Fault("same_seed_same_run", "two different runs", "Random(0)", "Random()", (SCALED,), CAREFUL),
    Fault("frozen_parts_stay_frozen", "train() thaws bn", "        self.bn.eval()\n", "", (), FROZEN),
    Fault("train_false_equals_eval", "different states", "self.training = False", NOTED, (), CAREFUL),
    Fault("eval_reaches_every_submodule", "left bn, drop, out", "part.eval()", "part.train()", (), CAREFUL),
    Fault("switches_return_the_model", "train() fails", "mode=True", "mode", (), CAREFUL),
    Fault(
        "eval_and_back_restores_dropout", "gave one output", "rate = self", "rate = self.p = self", (), RATED
    ),
    Fault("evaluation_leaves_gradients_on", "left the graph", WITH, LEFT_OFF, (VALIDATE,), GRAPHED),
    Fault("targets_are_made_in_eval", "call eval() on the teacher", "Net().eval()", "Net()", (ASK,), OWN_RUN),
    Fault(
        "exports_are_made_in_eval",
        "call eval() before",
        f"student.eval()\n    {TRACE}",
        TRACE,
        (EXPORT,),
        OWN_RUN,
    ),
    Fault(
        "probes_run_in_eval", "`student(torch.z", f"student.eval()\n    {PROBED}", PROBED, (PROBE,), OWN_RUN
    ),
    Fault("own_run_repeats", "left others apart: random", "    random.seed(1)\n", "", (ASK,), OWN_RUN),
    Fault(
        "seeding_covers_every_generator", "draws of random", "    random.seed(number)\n", "", (SEED,), CAREFUL
    ),
]
HARMLESS = [
    Fault("switches_reach_every_submodule", "", "super().__init__()", HIDDEN_ACTIVATION),
    Fault("training_runs_in_train_mode", "", TO_TRAIN, TO_TRAIN + "    model.bn.eval()\n", (TRAIN,)),
    Fault("eval_is_deterministic", "", "return self", "x += 1; return self"),
    Fault("eval_is_deterministic", "", "return self", "return {'a': [x], 'b': None}, self"),
    Fault("eval_is_deterministic", "", "return self", "x = x / 0; return self"),
]
RIGHT = [
    Fault(contract, drives=drives, script=script)
    for contract, drives, script in dict.fromkeys((f.contract, f.drives, f.script) for f in FAULTS)
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
    """The faulty script, and the test that is written for the right one."""
    right, path = _program(fault.script, folder / f"{name}.py"), folder / f"test_{name}.py"
    contract, recipe = next(each for each in contracts() if each.id == fault.contract), _recipe(fault)
    faulty = right
    if fault.old:
        assert fault.script.count(fault.old) == 1
        faulty = _program(fault.script.replace(fault.old, fault.new), right.source.path)
        assert applies(contract, recipe, right) or applies(contract, recipe, faulty)
    recipes = (recipe,) if recipe.target.kind != "seeding" else ()
    path.write_text(write(Plan(right, (), "import", path, recipes, ((contract, recipe),))).render())


def _program(text: str, path: Path) -> Program:
    path.write_text(text)
    return analyze(read(path, path.parent))


def _recipe(fault: Fault) -> Recipe:
    model = Value("model", "script.Net()")
    if not fault.drives:
        return Recipe(Target("module", "Net"), (model, Value("inputs", "(torch.randn(8, 6),)")))
    drives = tuple(Drive(code, frozenset(roles.split()), 7) for code, roles in fault.drives)
    functions = tuple(code.removeprefix("script.").partition("(")[0] for code, _ in fault.drives)
    drawn = Value("drawn", '{"random": random.random(), "torch": torch.rand(1).item()}')
    if SEED in fault.drives:
        return Recipe(Target("seeding", "set_seed", functions), (drawn,), drives)
    if fault.script == OWN_RUN:
        return Recipe(Target("scenario", "script.py"), (drawn,), drives, "", rehearsal=Rehearsal(()))
    loader = Value("loader", "[(torch.randn(8, 6), torch.randn(8, 2)) for _ in range(2)]")
    optimizer = Value("optimizer", "torch.optim.SGD(model.parameters(), lr=0.01)")
    values = (model, Value("teacher", "script.Net()"), loader, optimizer)
    return Recipe(Target("scenario", "train", functions), values, drives)
