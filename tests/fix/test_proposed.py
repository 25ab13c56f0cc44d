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
    after, _ = apply(mended, judged.kept, tools(unsafe=True), mended.source)
    assert "self.norm(x)" in after.source.text and "nn.BatchNorm1d(4)(x)" not in after.source.text
    (verdict,) = [v for v in after.verdicts if v.finding.rule == "MR203"]
    assert (verdict.state, verdict.proved_by) == ("fixed", ("test_it",))
    assert parse.apply(mended.source, verdict.fix.edits).text == after.source.text


def test_mend_that_holds_is_a_suggestion_otherwise(mended):
    judged, _ = ask(mended, answer(HOLD, USE), unsafe=False)
    after, _ = apply(mended, judged.kept, tools(unsafe=False), mended.source)
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
    (verdict, *_) = apply(mended, judged.kept, tools(), mended.source)[0].verdicts
    assert verdict.fix.title.isprintable() and len(verdict.fix.title) <= 80


BOTH = """\
import torch.nn as nn


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        x = nn.BatchNorm1d(x.shape[1])(self.fc(x))
        return nn.BatchNorm1d(x.shape[1])(x)


class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()

    def forward(self, x):
        return nn.BatchNorm1d(x.shape[1])(self.part(x))
"""
HELD = """\
        self.fc = nn.Linear(4, 4)
        self.norms = nn.ModuleList(nn.BatchNorm1d(4) for _ in (0, 1))
        self.first, self.second = self.norms
"""
MADE = """\
        x = nn.BatchNorm1d(x.shape[1])(self.fc(x))
        return nn.BatchNorm1d(x.shape[1])(x)
"""
USED = "        x = self.first(self.fc(x))\n        return self.second(x)"
PART = [HOLD | {"replace": HELD}, {"search": MADE, "replace": USED}]
WHOLE_ONE = [
    {
        "search": "        self.part = Part()",
        "replace": "        self.part = Part()\n        self.norm = nn.BatchNorm1d(4)",
    },
    {
        "search": "        return nn.BatchNorm1d(x.shape[1])(self.part(x))",
        "replace": "        return self.norm(self.part(x))",
    },
]


def nested(outcomes) -> tuple[Mended, Tools]:
    """Two norms made in one forward, one in another that calls it, and tests that are red as told."""

    def run_nested(version: Source) -> tuple[Outcome, ...]:
        whole = "self.norm(self.part(x))" in version.text
        part = "self.first(self.fc(x))" in version.text
        return tuple(
            Outcome(name, Status.PASSED if green(part, whole) else Status.FAILED, "red")
            for name, green in outcomes.items()
        )

    source = parse.decode(Path("/p/train.py"), Path("/p"), BOTH.encode())
    with_tools = replace(tools(), run=run_nested)
    program = analyze(source)
    found = mend(program, check(program), run_nested(source), [CASE], with_tools)
    reported = tuple(replace(verdict, state="proved", fix=None) for verdict in found.verdicts)
    return Mended(found.source, found.program, reported, found.outcomes), with_tools


def ask_nested(mended: Mended, tools: Tools) -> tuple[Judged, FakeModel]:
    model = FakeModel([answer(*PART), answer(*WHOLE_ONE)])
    found = chains(mended, [CASE], tools, Prompts(), 3000)
    return asyncio.run(pursue(found, Meter(model).ask)), model


def test_findings_of_one_place_are_asked_about_and_mended_together():
    mended, with_tools = nested({"test_it": lambda part, whole: part})
    judged, model = ask_nested(mended, with_tools)
    assert len(model.prompts) == 2
    assert "lines 10 and 11, MR203" in model.prompts[0][1].content
    after, _ = apply(mended, judged.kept, with_tools, mended.source)
    fixed = [v for v in after.verdicts if v.state == "fixed"]
    assert [v.finding.span.line for v in fixed] == [10, 11]
    assert fixed[0].fix.edits == fixed[1].fix.edits


def test_mend_that_shows_only_once_another_is_made_waits_for_it():
    outcomes = {"test_it": lambda part, whole: part, "test_whole": lambda part, whole: part and whole}
    mended, with_tools = nested(outcomes)
    judged, model = ask_nested(mended, with_tools)
    assert len(model.prompts) == 2 and not judged.dropped  # nothing went back
    after, lost = apply(mended, judged.kept, with_tools, mended.source)
    assert {v.state for v in after.verdicts} == {"fixed"} and not lost
    assert {o.status for o in after.outcomes} == {Status.PASSED}


def test_mends_that_only_together_turn_a_test_green_are_proved_together():
    mended, with_tools = nested({"test_it": lambda part, whole: part and whole})
    judged, _ = ask_nested(mended, with_tools)
    after, lost = apply(mended, judged.kept, with_tools, mended.source)
    assert {v.state for v in after.verdicts} == {"fixed"} and not lost
    edits = tuple(dict.fromkeys(edit for v in after.verdicts for edit in v.fix.edits))
    assert parse.apply(mended.source, edits).text == after.source.text


def test_mend_that_turns_nothing_green_in_the_end_is_dropped_with_the_reason():
    mended, with_tools = nested({"test_it": lambda part, whole: part})
    judged, _ = ask_nested(mended, with_tools)
    after, lost = apply(mended, judged.kept, with_tools, mended.source)
    assert lost == (("fix of MR203 at line 20", "no red test turned green"),)
    assert [v.state for v in after.verdicts] == ["fixed", "fixed", "proved"]
    assert "self.norm(self.part(x))" not in after.source.text
