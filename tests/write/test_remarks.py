"""What a model says of a file counts only where it names something that is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.llm import answers
from modereview.llm.prompts import Prompts
from modereview.records import Finding, Severity, Span
from modereview.write.remarks import judged, question

CODE = """import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return x
"""
CONTRACT = "eval_is_deterministic"
FOUND = Finding("MR201", "n", Severity.ERROR, "m", "train.py", Span(7, 1, 7, 2))
PROGRAM = analyze(parse.decode(Path("/p/train.py"), Path("/p"), CODE.encode()), parse.read)


def read(missed=(), wrong=()):
    return judged(answers.ReviewNotes(missed=missed, wrong=wrong), PROGRAM, (FOUND,))


def test_claim_is_kept_with_its_words_on_one_short_line():
    said = answers.Claim(line=7, contract=CONTRACT, claim="Two\nlines \x1b[31m" + "x" * 400)
    (kept,) = read(missed=(said,)).kept
    assert (kept.line, kept.contract, kept.state, kept.disputes) == (7, CONTRACT, "open", "")
    assert kept.text.isprintable() and len(kept.text) < 310


@pytest.mark.parametrize(
    ("line", "contract", "reason"),
    [(0, CONTRACT, "no such line"), (99, CONTRACT, "no such line"), (7, "trust_me", "names no contract")],
)
def test_claim_that_names_nothing_is_dropped(line, contract, reason):
    found = read(missed=(answers.Claim(line=line, contract=contract, claim="So it is."),))
    assert not found.kept and reason in found.dropped[0][1]


def test_dispute_must_be_about_a_finding():
    found = read(wrong=tuple(answers.Dispute(line=line, rule="MR201", why="On purpose.") for line in (7, 8)))
    assert [(r.line, r.disputes, r.state) for r in found.kept] == [(7, "MR201", "open")]
    assert "finds nothing of that rule there" in found.dropped[0][1]


def test_dispute_of_a_note_is_told_as_that():
    note = replace(FOUND, severity=Severity.NOTE)
    said = answers.Dispute(line=7, rule="MR201", why="On purpose.")
    found = judged(answers.ReviewNotes(missed=(), wrong=(said,)), PROGRAM, (note,))
    assert [why for _, why in found.dropped] == ["what is found there is a note, and accuses nobody"]


def asked(code: str) -> str:
    program = analyze(parse.decode(Path("/p/train.py"), Path("/p"), code.encode()), parse.read)
    return question(program, (), Prompts(), 3000).messages[1].content


def test_only_contracts_that_such_a_file_could_break_are_named():
    """Each costs tokens; a claim may name others all the same."""
    plain, exports = asked(CODE), asked(CODE + '\n\ntorch.onnx.export(Net(), (torch.ones(1),), "net.onnx")\n')
    assert "eval_is_deterministic" in plain and "exports_are_made_in_eval" not in plain
    assert "copies_keep_the_mode" not in plain  # `eval_reaches_every_submodule` shows the same
    assert "exports_are_made_in_eval" in exports
    assert "eval_is_deterministic" not in asked(
        "import torch\n\nmodel = torch.hub.load('a', 'b')\nmodel.eval()\n"
    )
