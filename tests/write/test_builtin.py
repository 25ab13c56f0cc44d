"""The built-in writer: names, paths, builders, and a text that ruff has nothing to say about."""

import ast
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from modereview.records import Plan, Recipe, Rehearsal, Suite, Value
from modereview.write.builtin import script_path, write
from ruff.__main__ import find_ruff_bin

TRAIN = ("script.train(model, loader, optimizer)", {"train"})
VALIDATE = ("script.validate(model, loader)", {"evaluate"})
SCRIPT = """
import torch
import torch.nn.functional as F
from torch import nn

WIDTH = 2 * 8


class Net(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.fc1 = nn.Linear(features, WIDTH)
        self.bn = nn.BatchNorm1d(WIDTH)
        self.drop = nn.Dropout(0.5)
        self.fc2 = nn.Linear(WIDTH, classes)

    def forward(self, x):
        return self.fc2(self.drop(F.relu(self.bn(self.fc1(x)))))


class Other(Net):
    def forward(self, x):
        return F.dropout(super().forward(x), 0.5)


def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def validate(loader):
    model.eval()
    with torch.no_grad():
        return sum(F.cross_entropy(model(x), y).item() for x, y in loader)


raise SystemExit("training")
"""


def names(suite: Suite) -> list[str]:
    return [case.name for case in suite.cases]


def lines(suite: Suite) -> list[str]:
    return [line.strip() for line in suite.render().splitlines()]


def ruff(*arguments: str, text: str) -> str:
    command = [find_ruff_bin(), *arguments, "--isolated", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout


@pytest.fixture
def full(plan: Callable[..., Plan], module: Callable[..., Recipe], scenario: Callable[..., Recipe]) -> Plan:
    return plan(module(), module("Other"), scenario(TRAIN, VALIDATE), scenario(VALIDATE, name="validate"))


@pytest.mark.parametrize("load", ["import", "definitions"])
def test_the_text_is_formatted_and_clean(load: str, full: Plan, plan: Callable[..., Plan]) -> None:
    text = write(plan(*full.recipes, load=load)).render()
    assert ruff("format", text=text) == text
    assert "All checks passed" in ruff("check", "--extend-select", "E501,I,F", text=text)
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert all(text.count(f"{name}") > 1 for name in functions if not name.startswith("test_"))


def test_two_writings_are_the_same(full: Plan) -> None:
    assert write(full).render() == write(full).render()


def test_several_classes_share_a_test_and_one_class_needs_no_parameters(
    plan: Callable[..., Plan], module: Callable[..., Recipe]
) -> None:
    one, two = write(plan(module())).cases[0], write(plan(module(), module("TextCNN"))).cases[0]
    assert (one.name, one.targets) == ("test_model_determinism", ("Net",))
    assert one.code.startswith("def test_model_determinism():")
    assert two.targets == ("Net", "TextCNN")
    assert "[build_net, build_text_cnn], ids=['Net', 'TextCNN']" in two.code


def test_names_of_equal_spelling_stay_apart(plan: Callable[..., Plan], module: Callable[..., Recipe]) -> None:
    assert {"def build_net():", "def build_net_2():"} <= {*lines(write(plan(module("Net"), module("NET"))))}


def test_several_scenarios_are_told_apart_by_name(
    plan: Callable[..., Plan], scenario: Callable[..., Recipe]
) -> None:
    assert names(write(plan(scenario(TRAIN, VALIDATE))))[:2] == [
        "test_evaluation_runs_in_eval_mode",
        "test_training_runs_in_train_mode",
    ]
    assert names(write(plan(scenario(TRAIN), scenario(TRAIN, name="Trainer.fit")))) == [
        "test_training_runs_in_train_mode_train",
        "test_training_runs_in_train_mode_trainer_fit",
    ]


def test_only_the_calls_that_speak_for_a_contract_are_judged(
    plan: Callable[..., Plan], scenario: Callable[..., Recipe]
) -> None:
    def judged(*drives: tuple[str, set[str]]) -> list[str]:
        return [
            line
            for line in lines(write(plan(scenario(*drives))))
            if line.startswith(("trained =", "evaluated ="))
        ]

    fit = ("script.fit(model)", {"train", "evaluate"})
    assert judged(VALIDATE) == ["evaluated = forwards_of_train(recorded)"]
    assert judged(TRAIN) == ["trained = [seen for seen in forwards_of_train(recorded) if seen.trained]"]
    assert judged(fit)[0] == "evaluated = [seen for seen in forwards_of_train(recorded) if not seen.trained]"
    code = "".join(case.code for case in write(plan(scenario(TRAIN, VALIDATE))).cases)
    assert "[seen for seen in forwards_of_train(recorded) if seen.call == 'validate']" in code
    assert "[seen for seen in forwards_of_train(compared) if seen.call == 'validate']" in code


def test_calls_of_one_function_are_told_apart_by_their_lines(
    plan: Callable[..., Plan], scenario: Callable[..., Recipe]
) -> None:
    text = write(
        plan(scenario(("script.run(model, True)", {"train"}), ("script.run(model, False)", {"evaluate"})))
    ).render()
    assert 'seen.call == "run at line 72"' in text


def test_switches_between_calls_are_run_and_not_recorded(
    plan: Callable[..., Plan], scenario: Callable[..., Recipe]
) -> None:
    found = lines(write(plan(scenario(TRAIN, ("model.eval()", set()), VALIDATE))))
    assert "model.eval()  # as at line 72" in found
    assert sum(line.startswith("with watch(") for line in found) == 2


def test_recipes_bring_their_imports_and_bind_globals(
    plan: Callable[..., Plan], scenario: Callable[..., Recipe]
) -> None:
    patches = (
        Value("writer", "unittest.mock.MagicMock()"),
        Value("model", "model"),
        Value("x", "np.zeros(math.pi)"),
    )
    found = lines(write(plan(scenario(TRAIN, patches=patches))))
    assert {"import unittest.mock", "import numpy as np", "import math", "script.model = model"} <= {*found}
    assert "import os" not in found


def test_a_global_is_set_behind_the_value_of_its_name(
    plan: Callable[..., Plan], module: Callable[..., Recipe]
) -> None:
    recipe = module(code="script.Net()", inputs="(torch.randn(8, width),)")
    values = (Value("width", "5"), *recipe.values)
    found = lines(write(plan(replace(recipe, values=values, patches=(Value("width", "width"),)))))
    order = [n for n, line in enumerate(found) if line.startswith(("width = 5", "script.width =", "model ="))]
    assert len(order) == 3 and order == list(range(order[0], order[0] + 3))


def test_a_class_whose_train_is_no_switch_is_switched_by_its_base(
    plan: Callable[..., Plan], module: Callable[..., Recipe]
) -> None:
    code = "class Net:\n    def train(self, loader): ...\n"
    assert "nn.Module.train(model, False)" in lines(write(plan(module(), code=code)))


def test_long_reasons_stand_above_their_line(
    plan: Callable[..., Plan], module: Callable[..., Recipe]
) -> None:
    wide = module(inputs="(torch.randn(8, 20), torch.randn(8, 3, 32, 32), torch.randint(0, 10, (8,)))")
    found = lines(write(plan(wide)))
    assert found[found.index("# 20 features: Net.fc1") + 1].startswith("inputs = (")


@pytest.mark.parametrize(
    ("test", "script", "expected"),
    [
        ("tests/test_x.py", "train.py", "Path(__file__).absolute().parents[1] / 'train.py'"),
        ("test_x.py", "train.py", "Path(__file__).absolute().parent / 'train.py'"),
        ("tests/a/test_x.py", "src/b/it's.py", 'Path(__file__).absolute().parents[2] / "src/b/it\'s.py"'),
    ],
)
def test_the_script_is_found_from_the_test(test: str, script: str, expected: str) -> None:
    assert script_path(Path("/p") / test, Path("/p") / script) == expected


def test_odd_file_names_do_no_harm(plan: Callable[..., Plan], module: Callable[..., Recipe]) -> None:
    text = write(plan(module(), script='a"""b\\n.py')).render()
    assert 'of a"""b\\n.py.' in str(ast.get_docstring(ast.parse(text)))


def test_the_file_runs_anywhere_without_modereview(
    tmp_path: Path, plan: Callable[..., Plan], module: Callable[..., Recipe], scenario: Callable[..., Recipe]
) -> None:
    """The script ends the process when it is imported; one test shows a fault; a global is bound."""
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "tests").mkdir()
    validate = ("script.validate(loader)", {"evaluate"})
    rounds = scenario(TRAIN, validate, patches=(Value("model", "model"),))
    made = plan(module(), module("Other", "script.Other(20, 3)"), rounds, root=tmp_path, load="definitions")
    fault = "MR201 `F.dropout` is always on"
    made.test_path.write_text(write(made).render({"test_model_determinism[Other]": fault}))
    line = [sys.executable, "-I", "-m", "pytest", "-q", "-p", "no:cacheprovider", made.test_path]
    done = subprocess.run(line, cwd="/", capture_output=True, text=True, check=False)
    assert "22 passed, 1 xfailed" in done.stdout


def test_what_stands_in_for_options_is_there_where_the_script_needs_it(
    plan: Callable[..., Plan], scenario: Callable[..., Recipe], tmp_path: Path
) -> None:
    plain = scenario(TRAIN)
    keyed = replace(plain, values=(*plain.values, Value("config", "Options(lr=0.1)")))
    used = replace(keyed, drives=(replace(keyed.drives[0], code="script.train(model, loader, config)"),))
    assert "class Options" not in write(plan(plain)).render()
    assert "class Options" in write(plan(used)).render()
    (tmp_path / "train.py").write_text("from easydict import EasyDict\n")
    text = write(replace(plan(plain, root=tmp_path), absent=("easydict",))).render()
    assert ruff("format", text=text) == text
    assert "All checks passed" in ruff("check", "--extend-select", "E501,I,F", text=text)
    assert "class Held" in text


def test_a_change_finds_what_it_names(plan: Callable[..., Plan], scenario: Callable[..., Recipe]) -> None:
    changes = (
        Value("main()", "main(Options({'lr': 0.1}))"),
        Value("env.step(...)", "(0, 1.0, next(ends), {})"),
    )
    recipe = replace(scenario(TRAIN), rehearsal=Rehearsal(changes))
    text = write(plan(recipe)).render()
    assert '"Options": Options' in text
    assert '"ends": itertools.cycle([False, False, False, True])' in text
    assert "AnyModel" not in text
