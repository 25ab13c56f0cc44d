"""What a model says of a file is held against the tests; it is never more than a note."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.llm import answers
from modereview.records import Case, Finding, Outcome, Severity, Span, Status, Suite
from modereview.write.remarks import judged

CODE = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x


class Other(nn.Module):
    def forward(self, x):
        return x
"""
CONTRACT = "eval_is_deterministic"
BOTH = Case("test_d", "", CONTRACT, ("Net", "Other"), (), "builtin")
ONE = Case("test_d", "", CONTRACT, ("Net",), (), "builtin")
FOUND = Finding("MR201", "n", Severity.ERROR, "m", "train.py", Span(7, 1, 7, 2))


def remark(line: int, case: Case, outcomes: dict[str, Status], contract: str = CONTRACT):
    program = analyze(parse.decode(Path("/p/train.py"), Path("/p"), CODE.encode()), parse.read)
    notes = answers.ReviewNotes(
        missed=(answers.Claim(line=line, contract=contract, claim="Two\nlines \x1b[31m" + "x" * 400),),
        wrong=(),
    )
    suite = Suite(Path("/p/test.py"), "", (case,))
    ran = [Outcome(name, status) for name, status in outcomes.items()]
    return judged(notes, program, (FOUND,), suite, ran)


@pytest.mark.parametrize(
    ("line", "case", "outcomes", "state"),
    [
        (7, ONE, {"test_d": Status.FAILED}, "proved"),
        (7, ONE, {"test_d": Status.PASSED}, "refuted"),
        (7, ONE, {"test_d": Status.BROKEN}, "open"),
        (12, ONE, {"test_d": Status.FAILED}, "open"),
        (12, BOTH, {"test_d[Net]": Status.FAILED, "test_d[Other]": Status.PASSED}, "refuted"),
        (7, BOTH, {"test_d[Net]": Status.FAILED, "test_d[Other]": Status.PASSED}, "proved"),
        (1, BOTH, {"test_d[Net]": Status.FAILED}, "open"),
    ],
)
def test_claim_is_what_the_tests_of_that_code_say(line, case, outcomes, state):
    (kept,) = remark(line, case, outcomes).kept
    assert kept.state == state
    assert kept.text.isprintable() and len(kept.text) < 310


@pytest.mark.parametrize(
    ("line", "contract", "reason"),
    [(0, CONTRACT, "no such line"), (99, CONTRACT, "no such line"), (7, "trust_me", "names no contract")],
)
def test_claim_that_names_nothing_is_dropped(line, contract, reason):
    found = remark(line, ONE, {}, contract)
    assert not found.kept and reason in found.dropped[0][1]


def test_dispute_must_be_about_a_finding():
    program = analyze(parse.decode(Path("/p/train.py"), Path("/p"), CODE.encode()), parse.read)
    disputes = tuple(answers.Dispute(line=line, rule="MR201", why="On purpose.") for line in (7, 8))
    found = judged(
        answers.ReviewNotes(missed=(), wrong=disputes), program, (FOUND,), Suite(Path(), "", ()), []
    )
    assert [(r.line, r.disputes, r.state) for r in found.kept] == [(7, "MR201", "open")]
    assert "finds nothing of that rule there" in found.dropped[0][1]
