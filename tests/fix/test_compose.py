"""Edits of edits: as one, and in positions that move."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modereview import parse
from modereview.fix.compose import compose, moved, moved_back
from modereview.records import Edit, Source


def source(text: str) -> Source:
    return parse.decode(Path("/project/a.py"), Path("/project"), text.encode())


LINES = st.lists(st.sampled_from(["a = 1\n", "b = 2\n", "c()\r\n", "\n", "# d\n"]), min_size=1, max_size=8)


@given(LINES, LINES)
def test_the_composed_edits_lead_from_one_text_to_the_other(old: list[str], new: list[str]):
    before, after = source("x\n" + "".join(old)), source("x\n" + "".join(new))
    assert parse.apply(before, compose(before, after)).text == after.text


def test_equal_lines_are_left_out():
    edits = compose(source("a\nb\nc\n"), source("a\nb\nx\nc\n"))
    assert edits == (Edit(4, 4, "x\n"),)


def test_a_last_line_without_a_newline():
    before, after = source("a\nb"), source("a\nb\nc")
    assert parse.apply(before, compose(before, after)).text == "a\nb\nc"


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(0, 0), (3, 3), (4, 7), (10, 13), (15, 17), (20, 22)],
)
def test_an_offset_moves_with_the_edits_before_it(offset: int, expected: int):
    edits = [Edit(4, 4, "abc"), Edit(12, 14, "z")]
    assert moved(offset, edits) == expected


def test_the_line_of_an_insertion_moves_down():
    before = "one\ntwo\n"
    edits = [Edit(4, 4, "new\n")]
    assert (before[:4] + "new\n" + before[4:])[moved(4, edits) :] == "two\n"


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 5))
def test_there_and_back(offset: int, at: int, length: int):
    edits = [Edit(at, at, "x" * length)]
    there = moved(offset, edits)
    assert moved_back(Edit(there, there, "y"), edits) == Edit(offset, offset, "y")


def test_an_edit_inside_of_what_an_earlier_one_wrote_lands_at_its_place():
    earlier = [Edit(5, 8, "longer text")]
    assert moved_back(Edit(7, 9, "y"), earlier) == Edit(8, 8, "y")
