"""What hydra would hand to a main function, put together from the yaml files of the project."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from modereview.plan.composed import composed

SCRIPT = """
import hydra

@hydra.main(config_path="conf", config_name="config", version_base=None)
def main(cfg):
    pass
"""

LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.fixture
def given(tmp_path):
    """The configuration that a script is given with these files; None where hydra starts nothing."""

    def values(script=SCRIPT, **files):
        for name, text in files.items():
            path = tmp_path / "conf" / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        found = composed(ast.parse(script), tmp_path / "train.py", tmp_path)
        return found and eval(found[1], {"main": lambda options: options, "Options": dict})

    return values


def test_a_group_lies_under_its_own_name(given):
    files = {"config": "defaults:\n  - model: small\nlr: 0.1\n", "model__small": "width: 8\n"}
    assert given(**files) == {"model": {"width": 8}, "lr": 0.1}


def test_the_file_itself_comes_last_unless_it_says_where(given):
    base = {"base": "lr: 0.5\nepochs: 3\n"}
    assert given(config="defaults: [base]\nlr: 0.1\n", **base) == {"lr": 0.1, "epochs": 3}
    assert given(config="defaults: [_self_, base]\nlr: 0.1\n", **base) == {"lr": 0.5, "epochs": 3}


def test_a_file_of_the_whole_package_is_put_at_the_top(given):
    files = {"config": "defaults:\n  - run: fast\n", "run__fast": "# @package _global_\nepochs: 1\n"}
    assert given(**files) == {"epochs": 1}


def test_a_place_that_is_named_is_where_values_are_put(given):
    files = {"config": "defaults:\n  - optim@train.optim: sgd\n", "optim__sgd": "lr: 0.1\n"}
    assert given(**files) == {"train": {"optim": {"lr": 0.1}}}


def test_references_are_looked_up_and_what_only_a_run_knows_is_here(given):
    text = """
        width: 8
        same: ${width}
        name: net-${width}
        home: ${hydra:runtime.cwd}/data
        """
    assert given(config=text) == {"width": 8, "same": 8, "name": "net-8", "home": "./data"}


def test_what_a_command_line_must_say_is_guessed_by_its_name(given):
    assert given(config="data_dir: ???\nnum_classes: ???\n") == {"data_dir": ".", "num_classes": 5}


def test_numbers_are_those_of_hydra_and_gpus_are_the_cpu(given):
    assert given(config="lr: 1e-3\ndevice: cuda:0\n") == {"lr": 0.001, "device": "cpu"}


def test_directives_to_hydra_are_left_out(given):
    text = "defaults:\n  - override hydra/launcher: joblib\nhydra:\n  run:\n    dir: out\nlr: 0.1\n"
    assert given(config=text) == {"lr": 0.1}


@pytest.mark.parametrize(
    "config",
    [
        "",
        "a: &a {b: *a}\n",
        "defaults: [config]\n",
        "{",
        "a: ${a}\n",
        "a: ${b}\nb: ${a}\n",
        "a: 2020-99-99\n",
        LAUGHS,
    ],
    ids=["empty", "itself", "own default", "no yaml", "own reference", "circle", "no date", "laughs"],
)
def test_odd_files_end_the_search(given, config):
    given(config=config)


def test_nothing_is_read_beyond_the_project(given, tmp_path):
    (tmp_path.parent / "secret.yaml").write_text("key: 1\n")
    outside = SCRIPT.replace('"conf"', '".."').replace('"config"', '"secret"')
    assert given(outside) is None


def test_a_script_without_hydra_is_given_nothing(given):
    assert given(SCRIPT.replace("hydra.main", "other.main"), config="lr: 0.1\n") is None
