"""SARIF as OASIS published it: every report fits the schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from modereview.records import Cell, Review
from modereview.report import Options, render

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)


def problems(text: str) -> list[str]:
    return [f"{list(error.path)}: {error.message}" for error in VALIDATOR.iter_errors(json.loads(text))]


def test_the_schema_refuses_what_is_not_sarif() -> None:
    assert problems('{"version": "2.1.0", "runs": [{"results": []}]}')


@pytest.mark.parametrize("kind", ["zombie", "clean", "full"])
def test_reports_fit(kind: str, request: pytest.FixtureRequest) -> None:
    review = request.getfixturevalue(kind)
    told = Options(refused=("bad.py is empty.",), base=Path("/"))
    for each in (review, replace(review, written=()), replace(review, verdicts=(), static=True)):
        assert problems(render("sarif", [each, each], told)) == []


def test_a_finding_in_a_notebook_fits_and_points_into_its_json(zombie: Review) -> None:
    cells = (Cell(1, 1, tuple(range(5, 13))), Cell(3, 9, tuple(range(20, 40))))
    text = render("sarif", [replace(zombie, source=replace(zombie.source, cells=cells), verdicts=())])
    assert problems(text) == []
    (result,) = json.loads(text)["runs"][0]["results"]
    assert result["message"]["text"].startswith("Cell 3, line 6: from the second epoch on")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 25, "endLine": 25}


def test_no_review_fits() -> None:
    assert problems(render("sarif", [])) == []
