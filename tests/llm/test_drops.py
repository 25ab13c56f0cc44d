"""Drops are counted by reason: what they name differs, why they were dropped does not."""

from __future__ import annotations

from modereview.llm.drops import counted


def test_reasons_that_differ_in_names_are_one():
    reasons = ["it imports `os`", "it asserts nothing that could fail", "it imports `socket`"]
    assert counted(reasons) == (("it imports ...", 2), ("it asserts nothing that could fail", 1))


def test_a_chain_of_repairs_counts_by_its_end():
    reasons = ["TypeError: no 3; given up after 3 repairs", "NameError: `x`; its repair: it imports `os`"]
    assert counted(reasons) == (("given up after 3 repairs", 1), ("it imports ...", 1))


def test_nothing_dropped_is_nothing_counted():
    assert counted([]) == ()
