"""The JSON report says everything a review holds, as its schema promises."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from modereview.records import Review
from modereview.report import Options, render

SCHEMA = json.loads((files("modereview.report") / "schema.json").read_text(encoding="utf-8"))


def strict(schema: Any) -> Any:
    """The schema with every undeclared field refused: what is written must be described."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    return {**closed, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else closed


VALIDATOR = Draft202012Validator(strict(deepcopy(SCHEMA)))


def test_the_schema_itself_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("kind", ["zombie", "clean", "full"])
def test_every_review_fits_the_schema_and_the_schema_names_every_field(
    kind: str, request: pytest.FixtureRequest
) -> None:
    document = json.loads(
        render("json", [request.getfixturevalue(kind)], Options(refused=("bad.py is empty.",)))
    )
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


def test_a_static_review_has_no_tests_and_no_model(zombie: Review) -> None:
    review = replace(zombie, static=True, suite=None, verdicts=(), written=(), mended=None)
    (file,) = json.loads(render("json", [review]))["files"]
    assert (file["static"], file["tests"], file["model"]) == (True, None, None)
    assert file["findings"][0]["state"] == "reported"


def test_summary_counts_what_was_fixed_and_what_is_left(zombie: Review) -> None:
    unwritten = replace(zombie, written=())
    assert json.loads(render("json", [zombie]))["summary"] == {
        "files": 1,
        "errors": 1,
        "warnings": 0,
        "notes": 0,
        "fixed": 1,
        "left": 0,
        "internal_errors": 0,
    }
    assert json.loads(render("json", [unwritten]))["summary"]["left"] == 1


def test_the_fingerprint_is_the_findings_own(zombie: Review) -> None:
    (file,) = json.loads(render("json", [zombie]))["files"]
    assert file["findings"][0]["fingerprint"] == zombie.findings[0].fingerprint


def test_equal_reviews_give_equal_text_and_it_is_ascii(full: Review) -> None:
    odd = replace(full, not_run=("\udcff \x1b[31m \u202e é",))
    assert render("json", [odd]) == render("json", [odd])
    assert render("json", [odd]).isascii()


def test_the_docs_pages_are_made_from_the_schema_and_the_rules() -> None:
    script = Path(__file__).parents[2] / "tools" / "make_docs.py"
    run = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
