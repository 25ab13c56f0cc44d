"""Exit codes: what counts as left, and what outweighs it."""

from __future__ import annotations

from dataclasses import replace

from modereview.records import Review, Severity, Verdict
from modereview.report.tally import exit_code, left, settled


def test_a_mended_finding_is_not_left(zombie: Review) -> None:
    assert exit_code([zombie]) == 0


def test_a_fix_that_is_not_written_is_left(zombie: Review) -> None:
    assert exit_code([replace(zombie, written=())]) == 1


def test_tests_that_are_not_written_count_for_nothing(clean: Review) -> None:
    assert exit_code([replace(clean, written=())]) == 0


def test_a_suggestion_is_left_even_where_the_file_was_written_for_another_finding(zombie: Review) -> None:
    suggested = Verdict(zombie.findings[0], "suggested")
    assert exit_code([replace(zombie, verdicts=(suggested,))]) == 1


def test_notes_never_count(zombie: Review) -> None:
    note = replace(zombie.findings[0], severity=Severity.NOTE)
    assert exit_code([replace(zombie, findings=(note,), verdicts=())]) == 0


def test_a_refused_file_outweighs_findings_and_a_failed_tool_outweighs_both(zombie: Review) -> None:
    unwritten = replace(zombie, written=())
    assert exit_code([unwritten], refused=["bad.py is empty."]) == 2
    assert exit_code([replace(unwritten, internal_errors=("x",))], refused=["bad.py is empty."]) == 3


def test_no_review_at_all_is_clean() -> None:
    assert exit_code([]) == 0


def test_a_finding_without_a_verdict_is_reported(zombie: Review) -> None:
    silent = replace(zombie, verdicts=(), written=())
    assert [verdict.state for verdict in settled(silent)] == ["reported"]
    assert len(left([silent])) == 1
