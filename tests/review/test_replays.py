"""What a model gained on scripts that the search does not reach, replayed: no key, no network."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

REPLAYS = Path(__file__).parents[1] / "replays"
# Script -> recipes, kept tests, caught mutants with the model. Without it: none of each, and nothing fixed.
GAINED = {
    "captioner": (2, 2, 9),
    "graphs": (3, 2, 18),
    "callbacks": (2, 2, 10),
    "actors": (2, 2, 11),
    "pretrainer": (2, 1, 5),
}
STATES = {
    "captioner": {"MR103": "fixed"},
    "graphs": {"MR201": "fixed"},
    "callbacks": {"MR102": "fixed"},
    "actors": {"MR102": "fixed"},
    "pretrainer": {"MR103": "fixed"},
}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory, modereview):
    """The JSON report of a script, with the model's answers or without them; each is made once."""
    known: dict[tuple[str, bool], dict[str, object]] = {}

    def review(name: str, replay: bool) -> dict[str, object]:
        if (name, replay) not in known:
            folder = tmp_path_factory.mktemp(name)
            for path in (REPLAYS / name).glob("*.py"):
                shutil.copy(path, folder)
            words = ["--replay", str(REPLAYS / name / "exchanges")] if replay else ["--offline"]
            words += ["--unsafe-fixes"]  # only there a model's fix counts
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
    assert not usage["stale"]  # else record them anew: see the README beside them
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


def test_claim_of_what_was_found_and_mended_is_dropped(reviewed):
    report = reviewed("callbacks", replay=True)
    assert not report["remarks"]
    (drop,) = [drop for drop in report["model"]["reasons"] if drop["what"] == "claim about line 45"]
    assert drop["reason"] == "what is mended already was the reason"


def test_claim_that_no_test_reaches_stays_a_note_with_the_reason(reviewed):
    (remark,) = reviewed("actors", replay=True)["remarks"]
    assert (remark["line"], remark["contract"]) == (47, "training_runs_in_train_mode")
    assert remark["state"] == "open" and "own run was not reached" in remark["reason"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 does not tell where calls are")
def test_fault_that_only_a_claim_names_is_proved_and_mended(reviewed):
    """The order in which a table calls its functions only a run of the script shows."""
    offline, helped = (reviewed("phases", replay) for replay in (False, True))
    assert not [finding for finding in offline["findings"] if finding["severity"] != "note"]
    (found,) = helped["findings"]
    assert (found["rule"], found["span"]["line"], found["state"]) == ("MR102", 34, "fixed")
    assert found["claimed_by"] == "bridge" and not helped["remarks"]
    (test,) = found["proved_by"]
    (outcome,) = [each for each in helped["tests"]["outcomes"] if each["case"] == test]
    assert outcome["status"] == "passed"
    assert "model.train()" in found["fix"]["title"]


def test_branch_that_only_a_claim_accuses_is_proved_and_mended_by_the_model(reviewed):
    """The shape of a fault in a public vision transformer: tokens are dropped whatever the mode."""
    offline, helped = (reviewed("patches", replay) for replay in (False, True))
    assert not offline["findings"]
    (found,) = helped["findings"]
    assert (found["rule"], found["span"]["line"], found["state"]) == ("MR201", 27, "fixed")
    assert found["claimed_by"] == "bridge" and found["proved_by"] == ["test_model_determinism"]
    (edit,) = found["fix"]["edits"]
    assert "and self.training:" in edit["replacement"]
    assert not offline["mutants"]["killed"] and helped["mutants"]["killed"]
    usage = helped["model"]
    assert (usage["claims"], usage["fixes"], usage["stale"], usage["error"]) == (1, 1, 0, "")


def test_faults_that_the_search_reaches_and_cannot_mend_are_proved_and_mended(reviewed):
    """A test of the model's shows one fault, a repaired one notices a mutant, a fix mends the other fault."""
    offline, helped = (reviewed("tagger", replay)["findings"] for replay in (False, True))
    states = [{f["rule"]: f["state"] for f in found} for found in (offline, helped)]
    assert states == [{"MR201": "suggested", "MR209": "proved"}, {"MR201": "fixed", "MR209": "fixed"}]
    usage = reviewed("tagger", replay=True)["model"]
    assert (usage["kept"], usage["fixes"], usage["dropped"], usage["error"]) == (2, 1, 0, "")
    survived = [reviewed("tagger", replay)["mutants"]["survived"] for replay in (False, True)]
    assert len(survived[0]) == 1 and not survived[1]


def test_globals_that_only_a_run_sets_are_given_and_what_a_forward_makes_is_held(reviewed):
    """A recipe sets the sizes that the model reads, and a fix holds the norm that `forward` made anew."""
    offline, helped = (reviewed("speller", replay) for replay in (False, True))
    assert {each["name"] for each in offline["unreached"]} == {"Speller", "train"}
    assert not helped["unreached"]
    states = [
        {f["rule"]: f["state"] for f in r["findings"] if f["severity"] != "note"} for r in (offline, helped)
    ]
    assert states == [{"MR203": "proved"}, {"MR203": "fixed"}]
    usage = helped["model"]
    bought = (usage["recipes"], usage["kept"], usage["fixes"], usage["dropped"], usage["error"])
    assert bought == (2, 2, 1, 0, "")


def test_mends_of_one_class_and_of_the_class_around_it_are_proved_together(reviewed):
    """The shape of a public segmentation network: a norm made in each forward, of parts and of the whole."""
    offline, helped = (reviewed("blocks", replay) for replay in (False, True))
    states = [[(f["span"]["line"], f["rule"], f["state"]) for f in r["findings"]] for r in (offline, helped)]
    assert states[0] == [(line, "MR203", "proved") for line in (15, 17, 29)]
    assert states[1] == [(line, "MR203", "fixed") for line in (15, 17, 29)]
    usage = helped["model"]
    assert (usage["fixes"], usage["dropped"], usage["stale"], usage["error"]) == (2, 0, 0, "")
    assert {outcome["status"] for outcome in helped["tests"]["outcomes"]} == {"passed"}


def test_missing_exchange_is_said_and_ends_with_the_code_for_bad_input(tmp_path, modereview):
    shutil.copy(REPLAYS / "graphs" / "graphs.py", tmp_path)
    (tmp_path / "empty").mkdir()
    ran = modereview(tmp_path / "graphs.py", "--check", "--replay", tmp_path / "empty")
    assert ran.code == 2
    assert "holds no answer to the question `recipe` about" in ran.err
    assert "graphs.py" in ran.text and "Traceback" not in ran.text + ran.err
