"""What is left on the runner without a token: notes at lines within GitHub's limits, the summary, outputs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from modereview.github import runner
from stage.made import reported


def kinds(lines):
    return Counter(line.split(" ")[0] for line in lines)


def test_each_finding_is_a_note_at_its_line():
    (line,) = runner.notes_at_lines([reported(last=16)])
    assert line.startswith(
        "::error file=train.py,line=14,endLine=16,title=MR102 trains-in-eval-mode::From the"
    )
    assert "%0Aline 5: switched to EVAL here, in `validate`%0A" in line


@pytest.mark.parametrize(
    ("errors", "warnings", "notes", "left_out"),
    [(10, 10, 9, 0), (11, 0, 0, 1), (60, 15, 12, 58), (0, 0, 10, 1), (0, 40, 0, 30)],
)
def test_no_more_are_given_than_github_takes_of_a_step_and_the_rest_is_said(
    errors, warnings, notes, left_out
):
    found = [
        reported(f"{kind}{n}", severity=kind)
        for kind, count in (("error", errors), ("warning", warnings), ("note", notes))
        for n in range(count)
    ]
    lines = runner.notes_at_lines(found)
    assert max(kinds(lines).values()) <= 10
    said = [line for line in lines if "more than GitHub annotates" in line]
    assert [line.split("::")[2].split(" ")[0] for line in said] == ([str(left_out)] if left_out else [])
    assert len(lines) - len(said) == len(found) - left_out


def test_a_name_cannot_add_a_property_or_end_the_command():
    (line,) = runner.notes_at_lines([reported(path="a,line=1::b\n::add-mask::x%.py", message="50%\n::x::")])
    assert line.count("\n") == 0
    assert line.startswith("::error file=a%2Cline=1%3A%3Ab")
    assert "x%25.py,line=14,endLine=14,title=MR102 trains-in-eval-mode::50%25" in line


@pytest.mark.parametrize(
    "text", ["::error::x", "  ::add-mask::x", "a\n::stop-commands::x", "x ##[add-path]y"]
)
def test_a_strangers_text_in_the_log_is_no_command(text):
    said: list[str] = []
    runner.log(said.append)(text)
    assert not any(line.lstrip().startswith("::") or "##[" in line or "\n" in line for line in said)


def test_a_summary_is_added_and_never_more_than_github_takes(tmp_path: Path):
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    runner.summarize("é" * 1_000_000, {"GITHUB_STEP_SUMMARY": str(page)})
    assert page.read_text().startswith("before\né")
    assert page.stat().st_size < 2**20


def test_no_output_brings_another_with_it(tmp_path: Path):
    outputs = tmp_path / "out"
    runner.give({"findings": 2, "sarif": Path("a\nfixed=9")}, {"GITHUB_OUTPUT": str(outputs)})
    assert outputs.read_text() == "findings=2\n"


def test_without_a_runner_nothing_is_left():
    runner.summarize("page", {})
    runner.give({"findings": 1}, {})
