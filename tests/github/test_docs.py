"""The workflows that docs/github.md has to copy: they fit GitHub's schema, and zizmor finds no risk there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from modereview.github import event
from stage.repository import CLEAN, FAULTY, Repository

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "github.md").read_text()
BIN = Path(sys.executable).parent
BLOCKS = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "\njobs:" in block]


@pytest.fixture
def workflow(tmp_path, request):
    """A workflow of the page as a file, with a commit in the place of COMMIT."""
    path = tmp_path / ".github" / "workflows" / "modereview.yml"
    path.parent.mkdir(parents=True)
    path.write_text(f"name: modereview\n{request.param.replace('COMMIT', 'c' * 40)}")
    return path


def test_the_page_has_the_three_workflows():
    assert len(BLOCKS) == 3
    assert len(BLOCKS[0].splitlines()) == 5


@pytest.mark.parametrize("workflow", BLOCKS, indirect=True)
def test_a_workflow_of_the_page_fits_the_schema(workflow):
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", BLOCKS, indirect=True)
def test_zizmor_finds_no_risk_in_it(workflow):
    options = ["--offline", "--quiet", "--color=never", "--min-severity=medium", "--format=plain"]
    done = subprocess.run([BIN / "zizmor", *options, workflow], capture_output=True, text=True, check=False)
    shown = done.stdout
    if "workflow_run:" in workflow.read_text():
        # It warns of `workflow_run` whatever the workflow does; ours runs nothing of the branch.
        assert set(re.findall(r"^error\[([\w-]+)\]", shown, re.MULTILINE)) == {"dangerous-triggers"}
    else:
        assert done.returncode == 0, shown


@pytest.mark.parametrize(
    "name", re.findall(r"^\| `([\w-]+)` \|", PAGE.split("## What it says")[0], re.MULTILINE)
)
def test_each_input_of_the_page_is_one_of_the_workflow(name):
    called = yaml.safe_load((ROOT / ".github" / "workflows" / "review.yml").read_text())
    assert name in called[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as a truth value


def test_the_event_that_the_page_makes_by_hand_is_one(tmp_path):
    (made,) = re.findall(r"^printf .*$", PAGE, re.MULTILINE)
    repository = Repository(tmp_path / "train")
    repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    subprocess.run(["bash", "-euc", made], cwd=repository.folder, check=True)
    named = event.read(repository.folder / "event.json")
    assert (named.head, named.base) == tuple(repository.git("rev-parse", "topic", "main").split())


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:|#)([^)#]+)", PAGE))
def test_links_of_the_page_lead_somewhere(link):
    assert (ROOT / "docs" / link).exists()
