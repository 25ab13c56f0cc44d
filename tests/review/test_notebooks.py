"""Notebooks: a fix is offered, and with --unproved it is made in its cell, all else byte for byte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

VARIANT = Path(__file__).parents[1] / "fix" / "variants" / "notebook"


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch):
    def refuse(*_):
        raise AssertionError("a sandbox was started")

    monkeypatch.setattr("modereview.review.Worker", refuse)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    shutil.copy(VARIANT / "bad.ipynb", tmp_path / "digits.ipynb")
    return tmp_path


def test_a_fix_is_offered_and_not_written(project, modereview, contents):
    before = contents(project)
    ran = modereview("--offline", project / "digits.ipynb")
    assert (ran.code, contents(project)) == (1, before)
    assert (
        "call `model.train()` at the start of `train`, cell 4 (not written: no test could be run" in ran.text
    )
    assert "Not run: Notebooks are not run, so no test proves a fix; --unproved writes" in ran.text


def test_unproved_writes_it_into_the_cell_and_undo_takes_it_back(project, modereview, contents):
    before = contents(project)
    ran = modereview("--offline", "--unproved", project / "digits.ipynb")
    assert "= unproved: call `model.train()` at the start of `train`, cell 4 (safe, written;" in ran.text
    assert contents(project) == before | {"digits.ipynb": (VARIANT / "mended.ipynb").read_bytes()}
    again = modereview("--offline", "--unproved", project / "digits.ipynb")
    assert (again.code, contents(project)["digits.ipynb"]) == (0, (VARIANT / "mended.ipynb").read_bytes())
    assert modereview("undo", project).code == 0
    assert contents(project) == before


def test_the_patch_is_one_that_git_applies(project, modereview):
    ran = modereview("--offline", "--unproved", "--diff", project / "digits.ipynb")
    subprocess.run(["git", "apply", "-"], input=ran.out, cwd=project, check=True)
    assert (project / "digits.ipynb").read_bytes() == (VARIANT / "mended.ipynb").read_bytes()


def test_no_fix_offers_only(project, modereview, contents):
    before = contents(project)
    assert "(not written: --no-fix)" in modereview("--offline", "--no-fix", project / "digits.ipynb").text
    assert contents(project) == before
