"""What is passed over in folders: .gitignore as git reads it, and `exclude`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from modereview import parse
from modereview.errors import InputError
from modereview.parse.globs import matches


@pytest.fixture
def project(tmp_path: Path):
    """Makes files that import torch; a text for any other."""

    def write(*scripts: str, **others: str) -> Path:
        for name, text in [*((name, "import torch\n") for name in scripts), *others.items()]:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def names(root: Path, *paths: Path, exclude: tuple[str, ...] = ()) -> list[str]:
    return [path.relative_to(root).as_posix() for path in parse.collect(paths or (root,), exclude)]


def test_gitignore_is_respected_with_its_exceptions(project) -> None:
    root = project(
        "train.py",
        "old_a.py",
        "old_b.py",
        "build/a.py",
        "deep/build/a.py",
        "deep/data.py",
        **{".gitignore": "build/\nold_*.py\n!old_b.py\n/data.py\n"},
    )
    assert names(root) == ["deep/data.py", "old_b.py", "train.py"]


def test_a_deeper_gitignore_wins(project) -> None:
    root = project(
        "a.py", "sub/a.py", "sub/b.py", **{".gitignore": "a.py\n", "sub/.gitignore": "!a.py\nb.py\n"}
    )
    assert names(root) == ["sub/a.py"]


def test_a_gitignore_above_counts_within_the_repository(project) -> None:
    root = project("sub/a.py", "sub/b.py", **{".git/HEAD": "", ".gitignore": "b.py\n"})
    assert names(root, root / "sub") == ["sub/a.py"]


def test_outside_of_a_repository_none_above_counts(project) -> None:
    root = project("sub/a.py", **{".gitignore": "a.py\n"})
    assert names(root, root / "sub") == ["sub/a.py"]


def test_what_is_named_is_reviewed_whatever_ignores_it(project) -> None:
    root = project("sub/a.py", "b.py", **{".git/HEAD": "", ".gitignore": "sub/\nb.py\n"})
    assert names(root, root / "sub", root / "b.py") == ["sub/a.py", "b.py"]


def test_a_gitignore_that_cannot_be_read_ignores_nothing(project) -> None:
    root = project("a.py")
    (root / ".gitignore").write_bytes(b"\xff\xfe\n")
    assert names(root) == ["a.py"]


def test_exclude_counts_from_the_project(project) -> None:
    root = project("a.py", "sub/a.py", "sub/legacy/b.py", "legacy/c.py", **{"pyproject.toml": ""})
    assert names(root, exclude=("/legacy/", "sub/a.py")) == ["a.py", "sub/legacy/b.py"]
    assert names(root, root / "sub", exclude=("legacy/",)) == ["sub/a.py"]


def test_the_folder_may_be_written_in_any_way(project, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project("sub/a.py", "sub/b.py", **{"sub/.gitignore": "b.py"})
    (root / "link").symlink_to(root / "sub")
    assert [path.name for path in parse.collect([root / "sub" / ".." / "sub", root / "link"])] == ["a.py"]


def test_notebooks_that_import_torch_are_collected(project) -> None:
    with_torch = json.dumps({"source": ["import numpy\n", "import torch.nn as nn\n"]}, indent=1)
    root = project(
        **{
            "a.ipynb": with_torch,
            "b.ipynb": with_torch.replace("torch", "jax"),
            ".ipynb_checkpoints/a.ipynb": with_torch,
        }
    )
    assert names(root) == ["a.ipynb"]


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [("tests/", True), ("*.py", True), ("**/a.py", True), ("/a.py", False), ("lib/", False)],
)
def test_patterns_read_as_in_gitignore(pattern: str, meant: bool) -> None:
    assert matches([pattern], "tests/deep/a.py") is meant


def test_a_wrong_pattern_is_a_sentence() -> None:
    with pytest.raises(InputError, match="A pattern for paths is wrong"):
        matches(["!"], "a.py")
