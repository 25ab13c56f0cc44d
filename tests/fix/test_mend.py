"""The fix loop keeps what is proved. The sandbox is played: a function of the text says red or green."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Mended, Tools, mend
from modereview.records import Case, Finding, Fix, Outcome, Program, Source, Status
from modereview.rules import check
from modereview.rules.mr201 import RULE

Judge: TypeAlias = Callable[[str], Iterable[tuple[str, bool]]]  # text -> (case, whether it is green)

NET = """\
import torch
import torch.nn as nn
import torch.nn.functional as F

"""
DROPOUTS = (
    NET
    + """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        x = F.dropout(self.fc(x), 0.5)
        return F.dropout(x, 0.2)
"""
)
NORM = (
    NET
    + """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return nn.BatchNorm1d(4)(self.fc(x))
"""
)
LOOP = (
    NET
    + """\
def validate(model, loader):
    with torch.no_grad():
        return [model(x).argmax(1) for x, _ in loader]

def fit(loader, val_loader):
    model = nn.Dropout(0.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(3):
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        validate(model, val_loader)
"""
)


def look(source: Source) -> tuple[Program, tuple[Finding, ...]]:
    program = analyze(source)
    return program, check(program)


def source(text: str) -> Source:
    return parse.decode(Path("/project/train.py"), Path("/project"), text.encode())


class Bench:
    """Runs the judge instead of the sandbox, and counts."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.texts = judge, []

    def run(self, version: Source) -> tuple[Outcome, ...]:
        self.texts.append(version.text)
        return tuple(
            Outcome(case, Status.PASSED if green else Status.FAILED)
            for case, green in self.judge(version.text)
        )

    def mend(self, text: str, *, fix: bool = True, unsafe: bool = False) -> Mended:
        program, findings = look(source(text))
        before = self.run(program.source)
        cases = [Case(o.case, "", "c", (), ("MR102", "MR103", "MR201", "MR203"), "builtin") for o in before]
        return mend(program, findings, before, cases, Tools(look, self.run, fix, unsafe))


def both_told(text: str) -> list[tuple[str, bool]]:
    return [("deterministic", text.count("training=self.training") == 2)]


def each_told(text: str) -> list[tuple[str, bool]]:
    return [
        ("first", "0.5, training=self.training" in text),
        ("second", "0.2, training=self.training" in text),
    ]


def states(mended: Mended) -> list[tuple[str, str]]:
    return [(v.finding.rule, v.state) for v in mended.verdicts]


def test_a_fix_that_turns_a_test_green_is_kept():
    bench = Bench(each_told)
    mended = bench.mend(DROPOUTS)
    assert states(mended) == [("MR201", "fixed")] * 2
    assert [v.proved_by for v in mended.verdicts] == [("first",), ("second",)]
    assert mended.source.text.count("training=self.training") == 2
    assert all(o.status is Status.PASSED for o in mended.outcomes)


def test_a_fix_that_no_test_bears_out_is_a_suggestion():
    mended = Bench(lambda _: [("blind", True), ("red anyway", False)]).mend(DROPOUTS)
    assert states(mended) == [("MR201", "suggested")] * 2
    assert mended.source.text == DROPOUTS
    assert mended.verdicts[0].reason == "no test turned green with it"


def test_a_rule_that_fails_to_mend_costs_its_fix_and_no_more(monkeypatch: pytest.MonkeyPatch):
    def fails(program: Program, finding: Finding) -> Iterable[Fix]:
        raise IndexError("tuple index out of range")

    monkeypatch.setattr("modereview.fix.attempt.rule", lambda _: replace(RULE, mend=fails))
    program, findings = look(source(DROPOUTS))
    told: list[str] = []
    before = [Outcome("first", Status.FAILED)]
    cases = [Case("first", "", "c", (), ("MR201",), "builtin")]
    tools = Tools(look, lambda _: (), on_crash=told.append)
    mended = mend(program, findings, before, cases, tools)
    assert {v.state for v in mended.verdicts} == {"proved"}
    assert "MR201 could not mend line 12: IndexError: tuple index out of range" in told
    with pytest.raises(IndexError):
        mend(program, findings, before, cases, replace(tools, on_crash=None))


def test_where_nothing_is_red_nothing_is_tried():
    bench = Bench(lambda _: [("green", True)])
    mended = bench.mend(DROPOUTS)
    assert states(mended) == [("MR201", "suggested")] * 2
    assert mended.verdicts[0].reason == "no test that ran shows the fault"
    assert len(bench.texts) <= 2


def test_where_no_test_is_about_it_none_could_be_run():
    mended = Bench(lambda _: []).mend(DROPOUTS)
    assert mended.verdicts[0].reason == "no test could be run that shows the fault"


def test_a_fix_that_spoils_another_test_is_not_kept():
    def judge(text: str) -> list[tuple[str, bool]]:
        return [*each_told(text), ("other", "training=" not in text)]

    mended = Bench(judge).mend(DROPOUTS)
    assert states(mended) == [("MR201", "suggested")] * 2
    assert mended.source.text == DROPOUTS


def test_two_faults_that_only_together_turn_a_test_green():
    mended = Bench(both_told).mend(DROPOUTS)
    assert states(mended) == [("MR201", "fixed")] * 2
    assert mended.source.text.count("training=self.training") == 2


def test_a_fix_that_a_common_proof_does_not_need_is_left_out():
    third = DROPOUTS.replace(
        "return F.dropout(x, 0.2)", "x = F.dropout(x, 0.2)\n        return F.dropout(x, 0.1)"
    )

    def judge(text: str) -> list[tuple[str, bool]]:
        return [("deterministic", all(f"0.{n}, training" in text for n in (5, 2)))]

    mended = Bench(judge).mend(third)
    assert states(mended) == [("MR201", "fixed"), ("MR201", "fixed"), ("MR201", "suggested")]
    assert "F.dropout(x, 0.1)\n" in mended.source.text


@pytest.mark.parametrize(("unsafe", "state"), [(False, "suggested"), (True, "fixed")])
def test_an_unsafe_fix_is_written_only_if_asked_for(unsafe: bool, state: str):
    def judge(text: str) -> list[tuple[str, bool]]:
        return [("eval leaves alone", "self.batchnorm = nn.BatchNorm1d(4)" in text)]

    mended = Bench(judge).mend(NORM, unsafe=unsafe)
    assert states(mended) == [("MR203", state)]
    assert mended.verdicts[0].fix is not None
    assert ("--unsafe-fixes" in mended.verdicts[0].reason) is not unsafe
    assert (mended.source.text != NORM) is unsafe


def test_no_fix_means_no_fix():
    bench = Bench(each_told)
    mended = bench.mend(DROPOUTS, fix=False)
    assert states(mended) == [("MR201", "suggested")] * 2
    assert mended.verdicts[0].reason == "--no-fix"
    assert set(bench.texts) == {DROPOUTS}


def test_an_eval_that_is_put_in_brings_the_train_that_it_needs():
    def judge(text: str) -> list[tuple[str, bool]]:
        evaluates = "    model.eval()\n" in text
        return [
            ("evaluates in EVAL", evaluates),
            ("trains in TRAIN", not evaluates or "model.train()" in text),
        ]

    mended = Bench(judge).mend(LOOP)
    assert states(mended) == [("MR103", "fixed")]
    (verdict,) = mended.verdicts
    assert verdict.fix is not None
    assert verdict.fix.title == (
        "call `model.eval()` at the start of `validate` and call `model.train()` at the start of each epoch"
    )
    assert [f for f in look(mended.source)[1] if f.severity.value != "note"] == []


def test_edits_of_later_fixes_stand_in_positions_of_the_original():
    mended = Bench(each_told).mend(DROPOUTS)
    edits = [edit for v in mended.verdicts if v.fix for edit in v.fix.edits]
    assert parse.apply(source(DROPOUTS), edits).text == mended.source.text


def test_notes_are_left_alone():
    note = DROPOUTS.replace("0.5)", "0.5)  # Monte-Carlo dropout").replace(
        "0.2)", "0.2)  # Monte-Carlo dropout"
    )
    bench = Bench(each_told)
    mended = bench.mend(note)
    assert states(mended) == [("MR201", "proved")] * 2
    assert mended.source.text == note


def test_a_second_run_changes_nothing():
    first = Bench(each_told).mend(DROPOUTS).source.text
    second = Bench(each_told).mend(first)
    assert (second.verdicts, second.source.text) == ((), first)
