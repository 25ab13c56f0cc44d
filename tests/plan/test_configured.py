"""Stand-ins for options: by attribute and by key, and those of packages that are not installed."""

from __future__ import annotations

import copy
import importlib
import sys

import pytest
from modereview.plan import configured
from modereview.plan.rehearsing import ABSENT, ABSENT_IMPORTS


@pytest.fixture
def names(monkeypatch):
    """What a test file with these stand-ins has."""
    found = {"__name__": "stand_ins"}
    lines = (*ABSENT_IMPORTS, *configured.HELD_IMPORTS, configured.OPTIONS, configured.HELD)
    exec("\n".join((*lines, configured.with_options(ABSENT))), found)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return found


def test_options_are_read_both_ways_however_deep(names):
    options = names["Options"]({"model": {"width": 8}}, lr=0.1)
    assert options.model.width == options["model"]["width"] == 8
    options.lr = 0.2
    assert dict(options) == {"model": {"width": 8}, "lr": 0.2}


def test_what_options_have_not_is_missing_in_the_usual_words(names):
    options = names["Options"](lr=0.1)
    assert not hasattr(options, "depth")
    with pytest.raises(AttributeError, match="'Options' object has no attribute 'depth'"):
        options.depth  # noqa: B018


def test_options_can_be_copied(names):
    options = names["Options"](model={"width": 8})
    other = copy.deepcopy(options)
    other.model.width = 9
    assert (options.model.width, other.model.width) == (8, 9)


@pytest.mark.parametrize(
    ("package", "way"),
    [
        ("easydict", "EasyDict(lr=0.1)"),
        ("easydict", "EasyDict({'lr': 0.1})"),
        ("ml_collections", "ConfigDict({'lr': 0.1})"),
        ("yacs.config", "CfgNode({'lr': 0.1})"),
        ("tensorflow", "contrib.training.HParams(lr=0.1)"),
        ("omegaconf", "OmegaConf.create({'lr': 0.1})"),
    ],
)
def test_a_package_that_is_not_there_keeps_options_as_they_are_set(names, package, way):
    names["stand_in_for"](*dict.fromkeys((package.partition(".")[0], package)))
    config = eval(f"package.{way}", {"package": importlib.import_module(package)})
    config.freeze()
    assert (config.lr, config.clone().lr) == (0.1, 0.1)


def test_a_class_of_the_script_may_inherit_from_it(names):
    names["stand_in_for"]("yacs", "yacs.config")
    base = importlib.import_module("yacs.config").CfgNode

    class Config(base):
        pass

    assert Config(lr=0.1).lr == 0.1


def test_what_else_such_a_package_has_stays_a_mock(names):
    names["stand_in_for"]("omegaconf")
    assert "mock" in repr(importlib.import_module("omegaconf").OmegaConf.to_yaml({})).lower()


@pytest.mark.parametrize(
    ("packages", "text", "kept"),
    [
        (["easydict"], "from easydict import EasyDict", True),
        (["omegaconf"], "from omegaconf import DictConfig", False),
        (["wandb"], "class ConfigDict: pass", False),
    ],
)
def test_a_test_file_holds_them_where_the_script_speaks_of_one(tmp_path, packages, text, kept):
    (tmp_path / "train.py").write_text(text)
    assert configured.keep_options(packages, tmp_path / "train.py") is kept
