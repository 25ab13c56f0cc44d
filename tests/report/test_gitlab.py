"""Code Quality for GitLab: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from modereview.records import Review, Severity, Span
from modereview.report import Options, render


def issues(review: Review, **options: Any) -> Any:
    return json.loads(render("gitlab", [replace(review, written=())], Options(**options)))


def test_a_finding_is_one_issue(zombie: Review) -> None:
    (issue,) = issues(zombie)
    assert issue["description"].startswith(
        "From the second epoch on, `model` trains in eval mode. `model` holds"
    )
    assert issue["check_name"] == "MR102 trains-in-eval-mode"
    assert issue["severity"] == "major"
    assert issue["location"] == {"path": "train.py", "lines": {"begin": 14, "end": 14}}


def test_what_is_mended_and_a_clean_file_are_no_issue(zombie: Review, clean: Review) -> None:
    assert json.loads(render("gitlab", [zombie, clean])) == []


@pytest.mark.parametrize(
    ("severity", "word"), [(Severity.ERROR, "major"), (Severity.WARNING, "minor"), (Severity.NOTE, "info")]
)
def test_severities_are_gitlabs(zombie: Review, severity: Severity, word: str) -> None:
    finding = replace(zombie.findings[0], severity=severity)
    (issue,) = issues(replace(zombie, findings=(finding,), verdicts=()))
    assert issue["severity"] == word


def test_the_fingerprint_stays_when_lines_move_and_differs_between_files(zombie: Review) -> None:
    (here,) = issues(zombie)
    moved = replace(zombie.findings[0], span=Span(4, 1, 4, 5))
    (later,) = issues(replace(zombie, findings=(moved,), verdicts=()))
    (elsewhere,) = issues(zombie, base=Path("/"))
    assert here["fingerprint"] == later["fingerprint"] != elsewhere["fingerprint"]
    assert elsewhere["location"]["path"] == "project/train.py"
