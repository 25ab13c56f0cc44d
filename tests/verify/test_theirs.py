"""The user's own tests of a file, found by what they import."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.records import Outcome, Source, Status
from modereview.verify import theirs


def project(tmp_path: Path, name: str, **tests: str) -> Source:
    """A project with a script and test files; `tests__test_a` is tests/test_a.py."""
    (tmp_path / "pyproject.toml").touch()
    for path, text in {
        name: "x = 1\n",
        **{f"{n.replace('__', '/')}.py": t for n, t in tests.items()},
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return parse.read(tmp_path / name)


def found(source: Source) -> tuple[str, ...]:
    return theirs.find(source, source.root / "tests" / "test_train_modes.py")


@pytest.mark.parametrize(
    "line",
    [
        "import pkg.train",
        "from pkg import train",
        "from pkg.train import Net",
        "import train",
        "from . import train",
    ],
)
def test_a_test_that_imports_the_file_is_found(tmp_path: Path, line: str):
    assert found(project(tmp_path, "pkg/train.py", tests__test_it=line)) == ("tests/test_it.py",)


@pytest.mark.parametrize(
    "line", ["import pkg", "from pkg import model", "import training", "x = 'pkg.train'", "def f(:"]
)
def test_others_are_not(tmp_path: Path, line: str):
    assert found(project(tmp_path, "pkg/train.py", tests__test_it=line)) == ()


def test_neither_ours_nor_the_file_itself_nor_what_is_installed(tmp_path: Path):
    source = project(
        tmp_path,
        "train.py",
        tests__test_train_modes="import train",
        env__test_a="import train",
        **{".hidden__test_b": "import train", "helper": "import train"},
    )
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert found(source) == ()


def test_at_most_a_few_in_their_order(tmp_path: Path):
    names = {f"test_{n}": "import train" for n in range(9)}
    assert found(project(tmp_path, "train.py", **names)) == tuple(f"test_{n}.py" for n in range(theirs.FILES))


def test_only_what_speaks_twice_the_same_counts():
    first = [Outcome("a", Status.PASSED), Outcome("b", Status.FAILED), Outcome("c", Status.BROKEN)]
    first += [Outcome("d", Status.PASSED)]
    second = [*first[:3], Outcome("d", Status.FAILED)]
    assert theirs.steady(first, second) == {"a", "b"}
