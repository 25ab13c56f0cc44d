"""What a model gained on scripts that the search does not reach, replayed: no key, no network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

REPLAYS = Path(__file__).parents[1] / "replays"
# Script -> recipes, kept tests, caught mutants with the model. Without it: none of each, and nothing fixed.
GAINED = {"captioner": (2, 2, 9), "graphs": (3, 2, 18), "callbacks": (2, 1, 8)}
STATES = {"captioner": {"MR103": "fixed"}, "graphs": {"MR201": "fixed"}, "callbacks": {}}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory, modereview):
    """The JSON report of a script, with the model's answers or without them; each is made once."""
    known: dict[tuple[str, bool], dict[str, object]] = {}

    def review(name: str, replay: bool) -> dict[str, object]:
        if (name, replay) not in known:
            folder = tmp_path_factory.mktemp(name)
            shutil.copy(REPLAYS / name / f"{name}.py", folder)
            words = ["--replay", str(REPLAYS / name / "exchanges")] if replay else ["--offline"]
            ran = modereview(folder / f"{name}.py", "--check", "--format", "json", *words)
            known[name, replay] = json.loads(ran.out)["files"][0]
        return known[name, replay]

    return review


@pytest.mark.parametrize("name", GAINED)
def test_offline_the_script_is_not_reached(reviewed, name):
    report = reviewed(name, replay=False)
    assert report["unreached"] and report["tests"] is None and report["model"] is None
    assert "fixed" not in {finding["state"] for finding in report["findings"]}


@pytest.mark.parametrize("name", GAINED)
def test_every_question_is_answered_and_nothing_is_sent(reviewed, name):
    usage = reviewed(name, replay=True)["model"]
    assert (usage["error"], usage["calls"], usage["tokens"]) == ("", 0, 0)
    assert usage["cached"] == len(list((REPLAYS / name / "exchanges").glob("*.md")))


@pytest.mark.parametrize("name", GAINED)
def test_recipes_tests_and_mutants_are_as_recorded(reviewed, name):
    report = reviewed(name, replay=True)
    recipes, kept, caught = GAINED[name]
    assert not report["unreached"]
    assert (report["model"]["recipes"], report["model"]["kept"]) == (recipes, kept)
    assert len(report["mutants"]["killed"]) == caught and not report["mutants"]["survived"]


@pytest.mark.parametrize("name", GAINED)
def test_faults_are_proved_with_the_recipes(reviewed, name):
    found = reviewed(name, replay=True)["findings"]
    assert {f["rule"]: f["state"] for f in found if f["severity"] != "note"} == STATES[name]


def test_claim_that_no_test_bears_out_stays_a_note_of_the_model(reviewed):
    report = reviewed("callbacks", replay=True)
    (remark,) = report["remarks"]
    assert (remark["line"], remark["contract"], remark["state"]) == (
        45,
        "training_runs_in_train_mode",
        "open",
    )
    dropped = {drop["case"]: drop["reason"] for drop in report["tests"]["dropped"]}
    claimed = "test_trainer_fit_trains_in_train_mode_after_validation"
    assert dropped[claimed] == "fails, and no contract or fix bears it out"


def test_missing_exchange_is_said(tmp_path, modereview):
    shutil.copy(REPLAYS / "graphs" / "graphs.py", tmp_path)
    (tmp_path / "empty").mkdir()
    ran = modereview(tmp_path / "graphs.py", "--check", "--replay", tmp_path / "empty")
    assert "holds no answer to the question `recipe` about" in ran.text
