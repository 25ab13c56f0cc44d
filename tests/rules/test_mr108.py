"""MR108: networks that only make targets, in TRAIN; and those that learn from them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modereview import parse
from modereview.records import Finding, Program, Severity
from modereview.rules import check, rule

LOOP = """
        def main(loader):
            student = Net()
            {build}
            optimizer = torch.optim.SGD(student.parameters(), 0.1)
            for x, y in loader:
                {target}
                optimizer.zero_grad()
                F.mse_loss(student(x), soft).backward()
                optimizer.step()
"""
OFF = "with torch.no_grad(): soft = {}(x)"

FOUND = {
    "by its name": ("teacher = Net()", OFF.format("teacher")),
    "detached": ("teacher = Net()", "soft = teacher(x).detach()"),
    "frozen by a loop": (
        "big = Net()\n            for p in big.parameters(): p.requires_grad_(False)",
        OFF.format("big"),
    ),
    "put into TRAIN with the student": (
        "teacher = Net()\n            for m in (student, teacher): m.train()",
        OFF.format("teacher"),
    ),
}

QUIET = {
    "in EVAL": ("teacher = Net().eval()", OFF.format("teacher")),
    "pseudo labels of the model that trains": ("", OFF.format("student")),
    "a mean teacher": ("ema_model = copy.deepcopy(student)", OFF.format("ema_model")),
    "meant, says a comment": (
        "teacher = Net()",
        "with torch.no_grad():\n                    # the teacher keeps its dropout on purpose\n"
        "                    soft = teacher(x)",
    ),
}


def of(script: tuple[str, str]) -> str:
    return LOOP.format(build=script[0], target=script[1])


@pytest.mark.parametrize("script", FOUND.values(), ids=FOUND)
def test_a_teacher_in_train(script: tuple[str, str], faults: Callable[[str], list[str]]):
    assert [f.split()[:2] for f in faults(of(script))] == [["MR108", "error"]]


@pytest.mark.parametrize("script", QUIET.values(), ids=QUIET)
def test_a_note_at_most(script: tuple[str, str], findings: Callable[[str], tuple[Finding, ...]]):
    assert all(f.severity is Severity.NOTE for f in findings(of(script)))


def test_a_generator_in_the_step_of_its_discriminator_is_no_teacher(faults: Callable[[str], list[str]]):
    assert not faults("""
        def main(loader):
            netG, netD = Net(), Net()
            step_d = torch.optim.Adam(netD.parameters())
            step_g = torch.optim.Adam(netG.parameters())
            for x, y in loader:
                step_d.zero_grad()
                (netD(x) - netD(netG(y).detach())).mean().backward()
                step_d.step()
                step_g.zero_grad()
                netD(netG(y)).mean().backward()
                step_g.step()
    """)


TOGETHER = """\
import torch
import torch.nn as nn
import torch.nn.functional as F


def net():
    return nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))


def switch(*models):
    for m in models:
        m.train()


def main(loader):
    student, teacher = net(), net()
    optimizer = torch.optim.SGD(student.parameters(), 0.1)
    for epoch in range(3):
        student.train()
        {on}
        for x in loader:
            with torch.no_grad():
                soft = teacher(x)
            optimizer.zero_grad()
            F.mse_loss(student(x), soft).backward()
            optimizer.step()
"""
SWITCHED = {
    "by itself": ("teacher.train()  # too", "teacher.eval()  # too"),
    "with the word": ("teacher.train(True)", "teacher.eval()"),
    "in a loop": (
        "for m in (student, teacher): m.train()",
        "for m in (student, teacher): m.train()\n        teacher.eval()",
    ),
    "by a helper": ("switch(student, teacher)", "switch(student, teacher)\n        teacher.eval()"),
}


BESIDE = """
            if teacher is not None:
                teacher.train()
                with torch.no_grad():
                    soft = teacher(x)
"""


def test_a_switch_on_the_line_before_is_meant(program: Callable[[str], Program]):
    plain = """
            with torch.no_grad():
                soft = teacher(x)
"""
    text = TOGETHER.format(on="pass")
    assert plain in text
    known = program(text.replace(plain, BESIDE))
    assert [f.severity for f in check(known) if f.rule == "MR108"] == [Severity.NOTE]


@pytest.mark.parametrize("how", SWITCHED)
def test_a_teacher_that_is_switched_on_is_switched_off_there(how: str, program: Callable[[str], Program]):
    on, off = SWITCHED[how]
    known = program(TOGETHER.format(on=on))
    (finding,) = [f for f in check(known) if f.severity is not Severity.NOTE]
    (fixed,) = [parse.apply(known.source, fix.edits).text for fix in rule("MR108").mend(known, finding)]
    assert fixed == TOGETHER.format(on=off)
    assert all(f.severity is Severity.NOTE for f in check(program(fixed)))


HANDED = """\
import torch
from torch import nn


def distill(student, teacher, loader):
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    student.train()
    for x in loader:
        with torch.no_grad():
            soft = teacher(x)
        optimizer.zero_grad()
        nn.functional.mse_loss(student(x), soft).backward()
        optimizer.step()


def main(loader):
    teacher = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    distill(nn.Linear(4, 4), teacher, loader)
"""


def test_it_is_put_into_eval_where_it_is_built_or_else_where_it_is_handed(program, mended):
    ((built, *_, handed),) = mended("MR108", program(HANDED))
    assert "nn.BatchNorm1d(4))\n    teacher.eval()\n    distill(" in built
    assert "def distill(student, teacher, loader):\n    teacher.eval()\n    optimizer" in handed
