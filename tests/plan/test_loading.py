"""The two ways to load a script, run as the generated tests and the probe run them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from modereview.plan.loading import Kind, loader, loader_imports


@pytest.fixture(autouse=True)
def leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def load(kind: Kind, folder: Path, code: str) -> ModuleType:
    path = folder / "random.py"  # the name of a standard module
    path.write_text(code)
    space: dict[str, object] = {}
    exec("\n".join([*loader_imports(kind), loader(kind)]), space)
    module = space["load_script"](path)  # type: ignore[operator]
    assert isinstance(module, ModuleType)
    return module


@pytest.mark.parametrize("kind", ["import", "definitions"])
def test_neighbours_are_importable_then_and_later(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("WIDTH = 3")
    (tmp_path / "second.py").write_text("WIDTH = 4")
    code = "from neighbour import WIDTH\ndef late():\n    import second\n    return second.WIDTH\n"
    module = load(kind, tmp_path, code)
    assert (module.WIDTH, module.late()) == (3, 4)
    assert module.__file__ == str(tmp_path / "random.py")


@pytest.mark.parametrize("kind", ["import", "definitions"])
def test_the_script_is_registered_and_hides_no_module_of_its_name(kind: Kind, tmp_path: Path) -> None:
    import random

    code = "from dataclasses import dataclass\n@dataclass\nclass Config:\n    width: 'int' = 3\n"
    module = load(kind, tmp_path, code)
    assert sys.modules[module.Config.__module__] is module
    assert sys.modules["random"] is random


def test_an_import_sees_no_arguments_of_pytest(tmp_path: Path) -> None:
    code = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', default=0.1)\n"
    assert load("import", tmp_path, code + "args = parser.parse_args()\n").args.lr == 0.1


@pytest.mark.parametrize(
    "kept",
    [
        "x = 1",
        "x: float = -1e-3",
        "a, b = 64, 3\nx = [a * 2 + b]",
        "x = {'a': [1, None], 'b': {True}}",
        "x = y = 'name'",
        "try:\n    import not_there as x\nexcept ImportError:\n    x = None",
        "from __future__ import annotations\nfrom math import pi as x",
        "async def x(): ...",
    ],
)
def test_definitions_are_kept(kept: str, tmp_path: Path) -> None:
    assert hasattr(load("definitions", tmp_path, kept), "x")


@pytest.mark.parametrize(
    "dropped",
    [
        "x = print('training')",
        "x = [n for n in range(3)]",
        "import math\nx = math.pi",
        "data = open('data.csv')\nx = data",
        "base = len('abc')\nx = base + 1",
        "import sys\nsys.x = x = 1",
        "if True:\n    x = 1",
        "for x in range(3): print('training')",
        "with open('data.csv') as x: ...",
        "try:\n    x = train()\nexcept NameError:\n    x = 1",
    ],
)
def test_statements_that_do_something_are_dropped(
    dropped: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not hasattr(load("definitions", tmp_path, dropped), "x")
    assert capsys.readouterr().out == ""
    assert not hasattr(sys, "x")


def test_definitions_leave_no_bytecode_that_a_real_import_would_find(tmp_path: Path) -> None:
    load("definitions", tmp_path, "x = 1\nprint('training')\n")
    assert not list(tmp_path.rglob("*.pyc"))
