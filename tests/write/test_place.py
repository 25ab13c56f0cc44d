"""Where a suite goes: its name, and what happens when the name is taken."""

from collections.abc import Callable
from pathlib import Path

import pytest
from modereview.errors import InputError
from modereview.parse import decode
from modereview.records import Plan, Recipe, Source, Suite
from modereview.write.builtin import write
from modereview.write.place import place
from modereview.write.place import test_path as path_of_suite


@pytest.fixture
def suite(plan: Callable[..., Plan], module: Callable[..., Recipe]) -> Suite:
    return write(plan(module()))


def source(root: Path, name: str) -> Source:
    return decode(root / name, root, b"import torch\n")


def test_beside_the_script_where_there_is_no_folder_of_tests(tmp_path: Path) -> None:
    assert path_of_suite(source(tmp_path, "a/my-net.py"), None) == tmp_path / "a" / "test_my_net_modes.py"


def test_equal_stems_in_two_folders_get_two_names(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    names = [path_of_suite(source(tmp_path, f"{folder}/train.py"), None).name for folder in "ab"]
    assert names == ["test_a_train_modes.py", "test_b_train_modes.py"]


def test_a_chosen_folder_lies_in_the_project(tmp_path: Path) -> None:
    script = source(tmp_path / "project", "train.py")
    chosen = tmp_path / "project" / "x" / ".." / "checks"
    assert path_of_suite(script, chosen) == tmp_path / "project" / "checks" / "test_train_modes.py"
    with pytest.raises(InputError, match=r"lies outside the project .* Choose a folder inside it\.$"):
        path_of_suite(script, tmp_path / "checks")


def test_what_another_wrote_is_left_alone_and_the_same_name_is_found_again(
    tmp_path: Path, suite: Suite
) -> None:
    path, text = tmp_path / "test_train_modes.py", suite.render()
    assert place(path, text).path == path
    path.write_text("assert True\n")
    path.with_stem("test_train_modes_2").mkdir()
    first = place(path, text)
    assert (first.path.name, first.before) == ("test_train_modes_3.py", None)
    first.path.write_text(text)
    assert place(path, text) == type(first)(first.path, text.encode(), text)
