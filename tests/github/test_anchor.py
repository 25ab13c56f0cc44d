"""Where a finding is told: its own lines if the diff has them, else as near to it as a comment can stand."""

from __future__ import annotations

import ast

import pytest
from modereview.github.anchor import anchor
from modereview.github.around import around
from modereview.github.told import Step, Stretch, Suggestion
from stage.made import changed, diff, reported, told


def mark(file, line=14, **changes):
    """The lines that a finding is told at, where nothing was run."""
    place = anchor(reported(line=line, **changes), file)
    return place.first, place.last


def test_a_fault_in_the_diff_is_told_at_its_own_lines():
    assert mark(changed("train.py", (10, 20), added=(12,))) == (14, 14)
    assert mark(changed("train.py", (10, 20)), last=16) == (14, 16)


def test_a_fault_outside_of_it_is_told_where_the_change_leads_to_it():
    steps = (Step(5, "switched here"), Step(6, "called here"))
    assert mark(changed("train.py", (4, 7), added=(5,)), evidence=steps) == (5, 5)


def test_else_it_is_told_at_the_nearest_line_that_the_change_wrote_in_its_function():
    file = changed("train.py", (20, 26), (40, 46), added=(22, 24, 43))
    assert mark(file, line=30, evidence=(), within=Stretch(18, 60)) == (24, 24)
    assert mark(file, line=30, evidence=(), within=Stretch(28, 60)) == (43, 43)


def test_where_the_change_only_took_lines_away_at_the_nearest_that_the_diff_shows():
    file = changed("train.py", (20, 25), (40, 45), added=(99,))
    assert mark(file, line=30, evidence=(), within=Stretch(18, 60)) == (25, 25)


def test_a_function_that_leads_to_the_fault_will_do():
    steps = (Step(5, "switched here", Stretch(2, 9)), Step(30, "still so here", Stretch(28, 35)))
    assert mark(changed("train.py", (7, 12), added=(99,)), 30, evidence=steps, within=Stretch(28, 35)) == (
        7,
        7,
    )


def test_another_function_will_not():
    assert mark(changed("train.py", (40, 45)), line=30, evidence=(), within=Stretch(18, 39)) == (0, 0)
    assert mark(changed("train.py", (40, 45)), line=30, evidence=(), within=None) == (0, 0)


def test_a_hostile_stretch_reaches_no_line_outside_the_diff():
    assert mark(changed("train.py", (40, 45)), 1, evidence=(), within=Stretch(1, 10_000_000)) == (40, 40)
    assert mark(changed("train.py", (40, 45)), 1, evidence=(), within=Stretch(50, 2)) == (0, 0)


CODE = """\
import torch
def outer(x):
    def inner(y):
        return y
    return inner(x)
class Net:
    def forward(self, x):
        return x
for epoch in range(3):
    outer(epoch)

"""


@pytest.mark.parametrize(
    ("line", "expected"), [(1, (1, 1)), (2, (2, 5)), (4, (3, 4)), (5, (2, 5)), (8, (7, 8)), (10, (9, 10))]
)
def test_a_line_belongs_to_its_innermost_function_or_its_statement_of_the_top_level(line, expected):
    assert around(ast.parse(CODE), line) == expected


def test_an_empty_line_belongs_to_nothing():
    assert around(ast.parse(CODE), 11) is None


def test_the_suggestion_block_is_there_exactly_when_the_proved_fix_lies_in_the_diff():
    for first in range(1, 30):
        for last in range(first, 30):
            file = changed("train.py", (5, 10), (14, 20))
            place = anchor(told(line=7, suggestion=Suggestion(first, last, "x\n")), file)
            inside = (first >= 5 and last <= 10) or (first >= 14 and last <= 20)
            assert place.suggests is inside
            assert diff(file).present("train.py") is file
