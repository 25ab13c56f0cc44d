"""A suite meets a test file that is there already: no edit is lost."""

import ast
from collections.abc import Callable

import pytest
from modereview.records import Plan, Recipe, Suite
from modereview.write.builtin import write
from modereview.write.merge import merge

TRAIN = ("script.train(model, loader, optimizer)", {"train"})
MARKS = {"test_model_determinism": "MR201 always on"}


def functions(text: str) -> list[str]:
    return sorted(node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))


@pytest.fixture
def suite(plan: Callable[..., Plan], module: Callable[..., Recipe]) -> Suite:
    return write(plan(module()))


@pytest.fixture
def larger(
    plan: Callable[..., Plan], module: Callable[..., Recipe], scenario: Callable[..., Recipe]
) -> Suite:
    return write(plan(module(), scenario(TRAIN)))


@pytest.fixture
def wider(plan: Callable[..., Plan], module: Callable[..., Recipe]) -> Suite:
    return write(plan(module(), module("Disc")))


def test_what_is_there_already_stays(suite: Suite) -> None:
    text = suite.render()
    assert merge(text, text) is None
    edited = text.replace("(8, 20)", "(4, 20)").replace("assert same(", "assert  same(")
    assert merge(edited, text) is None
    assert merge(edited + "\n\ndef test_mine():\n    assert script\n", text) is None


def test_missing_tests_are_appended_with_all_they_use(suite: Suite, larger: Suite) -> None:
    edited = suite.render().replace("(8, 20)", "(4, 20)")
    merged = merge(edited, larger.render())
    assert merged is not None
    assert "def forwards_of_train(watch):" in merged
    assert "def recorded(" in merged
    assert merged.count("def tensors(") == 1
    assert {"import contextlib", "from types import SimpleNamespace"} <= set(merged.splitlines())
    assert all(line in merged.splitlines() for line in edited.splitlines())
    assert functions(merged) == functions(larger.render())
    assert merge(merged, larger.render()) is None


def test_the_users_builder_outweighs_ours(suite: Suite, larger: Suite) -> None:
    edited = suite.render().replace("model = script.Net(20, 3)", "model = script.Net(20, 5)")
    merged = merge(edited, larger.render())
    assert merged is not None
    assert "def build_net" in merged
    assert merged.count("def build_net") == 1
    assert "script.Net(20, 5)" in merged


def test_a_mark_goes_when_its_fault_is_mended(suite: Suite) -> None:
    assert merge(suite.render(MARKS), suite.render()) == suite.render()


def test_a_mark_of_one_parameter_set_goes(wider: Suite) -> None:
    marks = {"test_model_determinism[Net]": "MR201", "test_model_determinism[Disc]": "MR203"}
    left = wider.render({"test_model_determinism[Disc]": "MR203"})
    assert merge(wider.render(marks), wider.render()) == wider.render()
    assert merge(wider.render(marks), left) == left


def test_a_mark_stays_on_a_test_that_was_edited(suite: Suite) -> None:
    marked = suite.render(MARKS)
    assert merge(marked.replace("one input gave", "my input gave"), suite.render()) is None
    assert merge(marked.replace("MR201 always on", "my own reason"), suite.render()) is None


def test_marks_are_never_added_to_what_is_there(suite: Suite) -> None:
    assert merge(suite.render(), suite.render(MARKS)) is None


@pytest.mark.parametrize("existing", ["import train as script\n\ndef test_x(): ...\n", "def broken(:\n", ""])
def test_files_of_others_are_left_alone(existing: str, suite: Suite) -> None:
    with pytest.raises(ValueError, match="the file that is there"):
        merge(existing, suite.render())


def test_a_suite_of_another_script_is_another_file(suite: Suite) -> None:
    text = suite.render()
    other = text.replace('"train.py"', '"val/train.py"')
    assert other != text
    with pytest.raises(ValueError, match="does not load the script"):
        merge(other, text)


@pytest.fixture
def run_only(larger: Suite) -> str:
    """The test file of a script that its tests only run, and that nothing loads."""
    text = larger.render()
    start, end = text.index("def load_script"), text.index("script = load_script(SCRIPT)")
    last = text.index("def test_")
    runs = "sys.path.insert(0, str(SCRIPT.parent))"
    return f"{text[:start].rstrip()}\n\n{runs}\n{text[end:last].partition(chr(10))[2]}".rstrip() + "\n"


def test_a_file_that_only_runs_the_script_is_known_again(run_only: str) -> None:
    assert merge(run_only, run_only) is None
    assert merge(run_only + "\n\ndef test_mine():\n    assert True\n", run_only) is None


def test_tests_that_load_the_script_bring_what_loads_it(run_only: str, larger: Suite) -> None:
    merged = merge(run_only, larger.render())
    assert merged is not None
    assert merged.startswith(run_only.rstrip())
    loading = merged.index("script = load_script(SCRIPT)")
    assert merged.index("def load_script(") < loading < merged.index("def test_")
    assert merge(merged, larger.render()) is None
    compile(merged, "test_train_modes.py", "exec")


def test_tests_that_only_run_the_script_join_those_that_load_it(run_only: str, suite: Suite) -> None:
    merged = merge(suite.render(), run_only + "\n\ndef test_run():\n    assert SCRIPT\n")
    assert merged == suite.render() + "\n\ndef test_run():\n    assert SCRIPT\n"
