"""A suite as text: marks where faults are known, imports merged, nothing that no case uses."""

import ast
from pathlib import Path

import pytest
from modereview.records import Case, Suite

HEADER = '''"""Tests."""
import copy
import torch
from pathlib import Path

SCRIPT = Path(__file__).absolute().parent / "train.py"


def load_script(path):
    return path


script = load_script(SCRIPT)


def build_net():
    return helper(script)


def build_disc():
    return torch


def helper(it):
    return copy.copy(it)'''
ONE = Case("test_one", "def test_one():\n    assert build_net()", "", ("Net",), (), "builtin")
TWO = Case(
    "test_two",
    '@pytest.mark.parametrize("build", [build_net, build_disc], ids=["Net", "Disc"])\n'
    "def test_two(build):\n    assert build(), 'ö'",
    "",
    ("Net", "Disc"),
    (),
    "builtin",
    ("import pytest", "from pathlib import PurePath"),
)


def suite(*cases: Case) -> Suite:
    return Suite(Path("/project/test_train_modes.py"), HEADER, cases)


def test_helpers_builders_and_imports_are_there_if_a_case_leads_to_them() -> None:
    text = suite(ONE).render()
    assert "def helper" in text
    assert "build_disc" not in text
    assert "import torch" not in text
    assert text.count("import copy") == 1
    assert suite().render().count("def ") == 1  # load_script


def test_imports_of_cases_are_merged_and_sorted() -> None:
    case = Case(
        "test_x",
        "def test_x():\n    assert PurePath(math.pi)",
        "",
        (),
        (),
        "m",
        (*TWO.imports, "import math"),
    )
    text = suite(case).render()
    assert '"""Tests."""\n\nimport math\nfrom pathlib import Path, PurePath\n\nSCRIPT' in text


def test_a_case_is_marked_with_its_reason() -> None:
    decorator = decorators(
        suite(ONE).render({"test_one": 'MR102 trains in `eval` mode, "always" it\'s'}), "test_one"
    )[0]
    mark = ast.parse(decorator, mode="eval").body
    assert isinstance(mark, ast.Call)
    keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in mark.keywords}
    assert (keywords["strict"], keywords["raises"]) == ("True", "AssertionError")
    assert ast.literal_eval(keywords["reason"]) == 'MR102 trains in `eval` mode, "always" it\'s'


@pytest.mark.parametrize("target", ["Net", "Disc"])
def test_one_parameter_set_is_marked_and_keeps_its_id(target: str) -> None:
    case = Case(**{**vars(TWO), "imports": ("import pytest",)})
    found = decorators(suite(case).render({f"test_two[{target}]": "MR201"}), "test_two")[0]
    marked = f"pytest.param(build_{target.lower()}, marks=pytest.mark.xfail("
    assert found.count(marked) == found.count("pytest.param") == 1
    assert found.endswith("ids=['Net', 'Disc'])")


def test_both_parameter_sets_and_cases_of_others() -> None:
    text = suite(ONE, TWO).render({"test_two[Net]": "MR201", "test_two[Disc]": "MR203", "test_gone": "MR102"})
    assert text.count("pytest.param(") == 2
    assert "MR102" not in text


def decorators(text: str, name: str) -> list[str]:
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return [ast.unparse(each) for node in functions if node.name == name for each in node.decorator_list]
