"""A fix that calls up a note with a fix of its own: both are made, and a second review has nothing to do."""

from __future__ import annotations

from pathlib import Path

from modereview import parse
from modereview.analyze import analyze
from modereview.fix import Tools, mend, suggest
from modereview.records import Finding, Program, Severity, Source
from modereview.rules import check

SCRIPT = """\
import torch
from torch import nn
import torch.nn.functional as F


def fit(model, opt, loader, valid_loader):
    correct = 0
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
        opt.step()
    for x, y in valid_loader:
        correct += (model(x).argmax(1) == y).sum().item()
    return correct


def main(loader, valid_loader):
    model = nn.Sequential(nn.Linear(4, 2), nn.Dropout())
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    print(fit(model, opt, loader, valid_loader))
"""
JUDGED = """\
    for x, y in valid_loader:
        correct += (model(x).argmax(1) == y).sum().item()
"""
MENDED = """\
    model.eval()
    with torch.no_grad():
        for x, y in valid_loader:
            correct += (model(x).argmax(1) == y).sum().item()
"""


def look(source: Source) -> tuple[Program, tuple[Finding, ...]]:
    program = analyze(source)
    return program, check(program)


def source(text: str) -> Source:
    return parse.decode(Path("/project/train.py"), Path("/project"), text.encode())


TOOLS = Tools(look, run=lambda _: (), unproved=True)


def test_eval_brings_the_no_grad_that_it_makes_worth_a_note() -> None:
    done = mend(*look(source(SCRIPT)), (), (), TOOLS)
    assert done.source.text == SCRIPT.replace(JUDGED, MENDED)
    made = next(v.fix for v in done.verdicts if v.finding.rule == "MR101")
    assert made is not None and made.title.endswith(" and write `with torch.no_grad():`")


def test_a_second_review_has_nothing_to_do() -> None:
    done = mend(*look(source(SCRIPT)), (), (), TOOLS)
    again = mend(*look(done.source), (), (), TOOLS)
    assert again.source.text == done.source.text


def test_where_nothing_is_run_the_fix_alone_is_offered_and_notes_get_none() -> None:
    program, findings = look(source(SCRIPT))
    offered = {v.finding.rule: v.fix for v in suggest(program, findings, TOOLS)}
    assert offered.keys() == {f.rule for f in findings if f.severity is not Severity.NOTE}
    fix = offered["MR101"]
    assert fix and [edit.replacement.strip() for edit in fix.edits] == ["model.eval()"]


TWICE = """\
import torch
from torch import nn


def first(model, inputs):
    return [model(x).argmax(1) for x in inputs]


def second(model, inputs):
    return [model(x).argmax(1) for x in inputs]


def main(inputs):
    model = nn.Sequential(nn.Linear(4, 2), nn.Dropout())
    print(first(model, inputs), second(model, inputs))
"""


def test_what_is_done_at_two_places_is_said_once() -> None:
    done = mend(*look(source(TWICE)), (), (), TOOLS)
    titles = {v.fix.title for v in done.verdicts if v.fix}
    assert titles == {"call `model.eval()` at the start of `first` and write `@torch.no_grad()` at 2 places"}


CELLS = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 2), nn.Dropout())
model.load_state_dict(torch.load("best.pt"))
"""
CELL = """\
x = torch.rand(1, 4)
print(model(x).argmax(1))
"""


def test_no_grad_is_put_around_a_few_or_around_none() -> None:
    few = mend(*look(source(CELLS + 2 * CELL)), (), (), TOOLS).source.text
    assert few.count("with torch.no_grad():") == 2
    many = mend(*look(source(CELLS + 6 * CELL)), (), (), TOOLS).source.text
    assert many.count("model.eval()") == 1 and "no_grad" not in many
