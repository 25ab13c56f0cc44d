"""Mends of a model's own: inside the place, nothing brought in, and proved, or dropped with the reason."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Mended, Tools, mend
from modereview.fix.proposed import apply, chains
from modereview.llm.agent import Judged, pursue
from modereview.llm.fake import FakeModel
from modereview.llm.meter import Meter
from modereview.llm.prompts import Prompts
from modereview.records import Case, Outcome, Source, Status
from modereview.rules import check

CODE = """\
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        x = self.fc(x)
        return nn.BatchNorm1d(4)(x)


def helper(x):
    return x
"""
HOLD = {
    "search": "        self.fc = nn.Linear(4, 4)",
    "replace": "        self.fc = nn.Linear(4, 4)\n        self.norm = nn.BatchNorm1d(4)",
}
USE = {"search": "        return nn.BatchNorm1d(4)(x)", "replace": "        return self.norm(x)"}
CASE = Case("test_it", "def test_it():\n    assert 1", "c", ("Net",), ("MR203",), "builtin")


def run(version: Source) -> tuple[Outcome, ...]:
    """The sandbox, played: `test_it` is green without the norm in forward, `test_other` while fc is there."""
    good = {"test_it": "nn.BatchNorm1d(4)(x)" not in version.text, "test_other": "self.fc(x)" in version.text}
    return tuple(
        Outcome(name, Status.PASSED if green else Status.FAILED, "" if green else "statistics are new")
        for name, green in good.items()
    )


def tools(unsafe: bool = True, fix: bool = True) -> Tools:
    def look(source: Source):
        program = analyze(source)
        return program, check(program)

    return Tools(look, run, fix, unsafe)


@pytest.fixture
def mended() -> Mended:
    """The file after our own fixes: none holds."""
    source = parse.decode(Path("/p/train.py"), Path("/p"), CODE.encode())
    program = analyze(source)
    found = mend(program, check(program), run(source), [CASE], tools(unsafe=False))
    # Our own suggestion, if there is one, is left aside: here the model is the only one who helps.
    reported = tuple(replace(verdict, state="proved", fix=None) for verdict in found.verdicts)
    return Mended(found.source, found.program, reported, found.outcomes)


def answer(*edits: dict[str, str], title: str = "hold the norm in __init__") -> str:
    return json.dumps({"edits": list(edits), "title": title})


def ask(mended: Mended, *answers: str, **options: bool) -> tuple[Judged, FakeModel]:
    model = FakeModel(answers)
    found = chains(mended, [CASE], tools(**options), Prompts(), 3000)
    return asyncio.run(pursue(found, Meter(model).ask)), model


def test_question_shows_the_fault_the_place_and_the_red_test(mended):
    _, model = ask(mended, answer(HOLD, USE))
    user = model.prompts[0][1].content
    for part in ("MR203", "class Net(nn.Module):", "def test_it():", "statistics are new", "line 12"):
        assert part in user
    assert "def helper" not in user
    assert "inside `Net` and nowhere else" in model.prompts[0][0].content


def test_mend_that_holds_is_proved_and_written_where_unsafe_fixes_are(mended):
    judged, _ = ask(mended, answer(HOLD, USE))
    after = apply(mended, judged.kept, tools(unsafe=True), mended.source)
    assert "self.norm(x)" in after.source.text and "nn.BatchNorm1d(4)(x)" not in after.source.text
    (verdict,) = [v for v in after.verdicts if v.finding.rule == "MR203"]
    assert (verdict.state, verdict.proved_by) == ("fixed", ("test_it",))
    assert parse.apply(mended.source, verdict.fix.edits).text == after.source.text


def test_mend_that_holds_is_a_suggestion_otherwise(mended):
    judged, _ = ask(mended, answer(HOLD, USE), unsafe=False)
    after = apply(mended, judged.kept, tools(unsafe=False), mended.source)
    assert after.source is mended.source
    (verdict,) = [v for v in after.verdicts if v.finding.rule == "MR203"]
    assert verdict.state == "suggested" and "--unsafe-fixes writes it" in verdict.reason


def test_mend_that_fails_goes_back_with_the_reason(mended):
    judged, model = ask(mended, answer(USE | {"replace": "        return x * 2 +"}), answer(HOLD, USE))
    assert len(judged.kept) == 1
    assert (
        "does not parse" in model.prompts[1][-1].content or "would not parse" in model.prompts[1][-1].content
    )


OUTSIDE = {"search": "    return x", "replace": "    return x + 1"}
WHOLE = {
    "search": "        x = self.fc(x)\n        return nn.BatchNorm1d(4)(x)",
    "replace": "        return self.norm(x)",
}
TWICE = {"search": "", "replace": "        pass"}


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([], "it has 0 edits"),
        ([HOLD] * 6, "it has 6 edits"),
        ([OUTSIDE], "is found 0 times in `Net`"),
        ([TWICE], "not once"),
        ([{"search": "        return nn.BatchNorm1d(4)", "replace": "        return x"}], "is found 0 times"),
        ([USE | {"replace": "        return ("}], "would not parse"),
        ([USE | {"replace": "        import os; os.system('id'); return x"}], "it brings in `"),
        ([USE | {"replace": "        return open('x')"}], "it brings in `open`"),
        ([USE | {"replace": "        return self.fc.load(x)"}], "it brings in `load`"),
        ([USE | {"replace": USE["search"] + "  # fine"}], "the analysis still finds MR203"),
        ([USE, USE], "its edits overlap"),
        ([USE | {"replace": f"{USE['search']}\n\n\nseed = 1"}], "it reaches out of `Net`"),
        ([USE | {"replace": "        return nn.functional.dropout(x)"}], "the analysis then finds MR2"),
        ([USE | {"replace": "        return x"}], "it takes out a norm"),
        ([HOLD, WHOLE], "test_other is not as before"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_dropped_with_its_reason(mended, edits, words):
    judged, _ = ask(mended, *[answer(*edits)] * 9)
    assert not judged.kept
    (drop,) = [d for d in judged.dropped if "MR203" in d[0]]
    assert words in drop[1]


def test_nothing_is_asked_where_nothing_could_be_proved(mended):
    green = Mended(mended.source, mended.program, mended.verdicts, (Outcome("test_it", Status.PASSED),))
    assert chains(green, [CASE], tools(), Prompts(), 3000) == ()
    assert chains(mended, [CASE], tools(fix=False), Prompts(), 3000) == ()


def test_title_of_a_model_is_one_plain_line(mended):
    judged, _ = ask(mended, answer(HOLD, USE, title="\x1b[31mgood\n" + "x" * 200))
    (verdict, *_) = apply(mended, judged.kept, tools(), mended.source).verdicts
    assert verdict.fix.title.isprintable() and len(verdict.fix.title) <= 80
