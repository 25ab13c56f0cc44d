"""What the project ships and says of itself."""

import os
import re
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from hatchling.build import build_wheel
from packaging.requirements import Requirement

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Names of the files in the wheel, built as pip builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        name = build_wheel(str(folder))
    finally:
        os.chdir(here)
    return set(zipfile.ZipFile(folder / name).namelist())


def test_the_wheel_holds_the_package_the_prompts_and_the_schema(wheel):
    prompts = {f"modereview/prompts/{path.name}" for path in (ROOT / "prompts").glob("*.md")}
    assert prompts
    assert prompts | {"modereview/cli.py", "modereview/report/schema.json"} <= wheel


def test_the_wheel_holds_nothing_else(wheel):
    assert {name.split("/")[0] for name in wheel} == {
        "modereview",
        f"modereview-{PROJECT['version']}.dist-info",
    }
    assert not [name for name in wheel if "__pycache__" in name or "/tests/" in name]


def test_the_wheel_holds_the_license(wheel):
    assert [name for name in wheel if name.endswith("licenses/LICENSE")]


def test_the_changelog_starts_with_this_version():
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest and newest[1] == PROJECT["version"] == version("modereview")


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.14"])
def test_constraints_pin_every_dependency_within_its_range(python):
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    here = {"python_version": python}
    versions = {
        pin.name.lower(): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(here)
    }
    for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(versions[requirement.name]), text


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)", README))
def test_links_of_the_readme_lead_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("command", re.findall(r"^\./(\S+)", README, re.MULTILINE))
def test_commands_of_the_readme_are_there(command):
    assert os.access(ROOT / command, os.X_OK)


def test_every_example_is_listed_and_every_listed_one_is_there():
    listed = set(re.findall(r"^\| `(\w+\.py)`", (ROOT / "examples" / "README.md").read_text(), re.MULTILINE))
    assert listed == {path.name for path in (ROOT / "examples").glob("*.py")}
