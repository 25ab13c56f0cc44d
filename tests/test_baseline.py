"""The baseline: what it knows is quiet, what it does not know is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from modereview import baseline
from modereview.errors import InputError
from modereview.parse import decode
from modereview.records import Finding, Review, Severity, Span, Verdict
from modereview.rules import Looked

ROOT = Path("/project")
SOURCE = decode(ROOT / "train.py", ROOT, b"import torch\n")


def finding(rule: str = "MR101", line: int = 3, text: str = "y = model(x)", index: int = 0) -> Finding:
    span = Span(line, 1, line, 5)
    return Finding(rule, "n", Severity.ERROR, "m", "train.py", span, line_text=text, index=index)


def written(tmp_path: Path, *reviews: Review) -> Path:
    path = tmp_path / "known.json"
    path.write_text(baseline.render(reviews))
    return path


def test_what_is_written_is_quiet_when_read_and_the_rest_is_told(tmp_path: Path) -> None:
    known = baseline.read(written(tmp_path, Review(SOURCE, (finding(), finding("MR203", 5)))))
    new = [finding("MR102"), finding(index=1), finding(text="z = model(x)")]
    looked = baseline.without(Looked((finding(line=40), *new)), known)
    assert looked.found == tuple(new)
    assert [(quiet.finding.span.line, quiet.by) for quiet in looked.quiet] == [(40, "baseline")]


def test_what_a_comment_takes_back_stays_beside_it() -> None:
    before = baseline.without(Looked((finding(),)), frozenset({finding().fingerprint}))
    assert baseline.without(before, frozenset()) == before


def test_it_does_not_depend_on_order_or_lines() -> None:
    one, other = Review(SOURCE, (finding(), finding("MR203"))), Review(SOURCE, (finding("MR999"),))
    moved = replace(one, findings=(finding("MR203", 8), finding(line=9)))
    assert baseline.render([one, other]) == baseline.render([other, moved])
    assert "line" not in json.loads(baseline.render([one]))["findings"][0]


def test_what_was_mended_is_not_kept() -> None:
    verdict = Verdict(finding(), "fixed")
    review = Review(SOURCE, (finding(),), verdicts=(verdict,), written=(SOURCE.path,))
    assert json.loads(baseline.render([review])) == {"version": 1, "findings": []}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "There is no baseline"),
        ("[", "is not a baseline"),
        ("[]", "is not a baseline"),
        ('{"version": 1, "findings": [{}]}', "is not a baseline"),
        ('{"version": 1, "findings": 3}', "is not a baseline"),
        ('{"version": 2, "findings": []}', "is a baseline of version 2"),
    ],
)
def test_what_is_no_baseline_is_a_sentence(tmp_path: Path, text: str | None, told: str) -> None:
    path = tmp_path / "known.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=told):
        baseline.read(path)
