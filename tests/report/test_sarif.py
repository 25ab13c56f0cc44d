"""The SARIF report holds what is left in the file, as code scanning reads it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from modereview.records import Review
from modereview.report import Options, render


def run_of(*reviews: Review, options: Options | None = None) -> Any:
    document = json.loads(render("sarif", reviews, options))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run


@pytest.fixture
def unwritten(zombie: Review) -> Review:
    """The zombie in a run that writes nothing."""
    return replace(zombie, written=())


def test_a_mended_finding_has_no_result(zombie: Review) -> None:
    assert run_of(zombie)["results"] == []


def test_a_result_says_rule_level_and_place_in_code_points(unwritten: Review) -> None:
    run = run_of(unwritten)
    (result,) = run["results"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert (result["ruleId"], result["level"]) == ("MR102", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "MR102"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "train.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 14, "startColumn": 22, "endLine": 14, "endColumn": 33}


def test_the_fingerprint_is_partial_and_shared_with_the_other_reports(unwritten: Review) -> None:
    (result,) = run_of(unwritten)["results"]
    assert result["partialFingerprints"] == {"modereview/v1": unwritten.findings[0].fingerprint}


def test_the_evidence_is_a_code_flow_in_its_own_order(unwritten: Review) -> None:
    (result,) = run_of(unwritten)["results"]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    lines = [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps]
    assert lines == [5, 14]
    assert "switched to EVAL here" in steps[0]["location"]["message"]["text"]


def test_evidence_without_words_gives_no_empty_flow(unwritten: Review) -> None:
    silent = replace(unwritten.findings[0], evidence=(replace(unwritten.findings[0].evidence[0], text=""),))
    (result,) = run_of(replace(unwritten, findings=(silent,), verdicts=()))["results"]
    assert "codeFlows" not in result


def test_a_fix_that_is_not_written_can_be_applied_by_the_viewer(unwritten: Review) -> None:
    (result,) = run_of(unwritten)["results"]
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    start = replacement["deletedRegion"]["charOffset"]
    assert unwritten.source.text[start:].startswith("        for data")
    assert replacement["deletedRegion"]["charLength"] == 0
    assert replacement["insertedContent"]["text"] == "        model.train()\n"


def test_each_rule_brings_its_help(zombie: Review) -> None:
    for rule in run_of(zombie)["tool"]["driver"]["rules"]:
        assert "Wrong:" in rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_names_are_quoted_as_uris(unwritten: Review, source: Any) -> None:
    odd = replace(unwritten, source=source(name="my é%.py"))
    (result,) = run_of(odd)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20%C3%A9%25.py"


def test_the_invocation_tells_what_went_wrong(full: Review) -> None:
    (invocation,) = run_of(full, options=Options(refused=("bad.py is empty.",)))["invocations"]
    texts = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    assert texts[:2] == ["bad.py is empty.", "rule MR999 crashed: KeyError"]
