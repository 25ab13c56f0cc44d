"""Annotations for GitHub Actions: where they point, and that nothing in them starts another command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from modereview.records import Review, Severity, Span
from modereview.report import Options, render


@pytest.fixture
def unwritten(zombie: Review) -> Review:
    """The zombie in a run that writes nothing."""
    return replace(zombie, written=())


def with_finding(review: Review, **changes: Any) -> Review:
    finding = replace(review.findings[0], **changes)
    return replace(review, findings=(finding,), verdicts=())


def test_a_finding_is_one_command_with_its_evidence(unwritten: Review) -> None:
    assert render("github", [unwritten]) == (
        "::error file=train.py,line=14,endLine=14,col=22,endColumn=33,title=MR102 trains-in-eval-mode::"
        "From the second epoch on, `model` trains in eval mode."
        "%0Atrain.py:5: switched to EVAL here, in `validate` (called at 16) ..."
        "%0Atrain.py:14: ... and still in EVAL here: nothing calls `model.train()` in between"
        "%0A`model` holds BatchNorm1d and Dropout: statistics stop moving, nothing is dropped.\n"
    )


def test_what_is_mended_and_a_clean_file_say_nothing(zombie: Review, clean: Review) -> None:
    assert render("github", [zombie, clean]) == ""


@pytest.mark.parametrize(
    ("severity", "command"),
    [(Severity.ERROR, "::error "), (Severity.WARNING, "::warning "), (Severity.NOTE, "::notice ")],
)
def test_severities_are_githubs(unwritten: Review, severity: Severity, command: str) -> None:
    assert render("github", [with_finding(unwritten, severity=severity)]).startswith(command)


def test_nothing_in_a_finding_ends_the_command_or_starts_another(unwritten: Review, source: Any) -> None:
    odd = with_finding(unwritten, message="50% of\r\n::set-output name=x::1", evidence=(), facts=())
    text = render("github", [replace(odd, source=source(name="a,b:c%.py"))])
    assert text.count("\n") == 1
    assert "file=a%2Cb%3Ac%25.py," in text
    assert "::50%25 of%0A%0A::set-output name=x::1.\n" in text


def test_columns_are_told_within_one_line_only(unwritten: Review) -> None:
    text = render("github", [with_finding(unwritten, span=Span(4, 1, 7, 5))])
    assert "line=4,endLine=7,title=" in text


def test_paths_count_from_the_checkout(unwritten: Review) -> None:
    assert "file=project/train.py," in render("github", [unwritten], Options(base=Path("/")))
    assert "file=train.py," in render("github", [unwritten], Options(base=Path("/elsewhere")))


def test_failures_are_errors_without_a_place(full: Review) -> None:
    lines = render("github", [full], Options(refused=("bad.py is empty.",))).splitlines()
    assert lines == [
        "::error title=modereview::bad.py is empty.",
        "::error title=modereview::rule MR999 crashed: KeyError.",
    ]
