"""The examples of each rule are its first tests: `bad` is found and mended, `good` is left alone."""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff
from typing import TypeAlias

import pytest
from modereview import parse
from modereview.records import Finding, Program, Severity
from modereview.rules import Rule, check, rule, rules
from modereview.rules.base import no_fix

Look: TypeAlias = Callable[[str], Program]
UNMENDED = "MR502"  # its bad example is the one case that it cannot mend: DataParallel
MENDED = tuple(r for r in rules() if r.mend is not no_fix and r.id != UNMENDED)
UNSAFE = {"MR205", "MR208", "MR503", "MR901"}
EXPLAINED = tuple(map(rule, ("MR209", "MR302", "MR401", "MR404", "MR501", "MR505")))
MOST_LINES = 8
each_rule = pytest.mark.parametrize("each", rules(), ids=lambda r: r.id)


def of(each: Rule, program: Program) -> tuple[Finding, ...]:
    return tuple(f for f in check(program) if f.rule == each.id)


@each_rule
def test_bad_is_found_at_the_severity_the_rule_gives(program: Look, each: Rule):
    found = of(each, program(each.bad))
    assert [f.severity for f in found] == [each.severity]
    assert found[0].name == each.name
    assert found[0].line_text in each.bad


@each_rule
def test_good_is_left_alone(program: Look, each: Rule):
    assert not of(each, program(each.good))


@each_rule
def test_the_bad_example_shows_this_fault_alone(program: Look, each: Rule):
    others = [f for f in check(program(each.bad)) if f.rule != each.id and f.severity is not Severity.NOTE]
    assert others == []


@pytest.mark.parametrize("each", MENDED, ids=lambda r: r.id)
def test_each_mend_of_bad_leaves_nothing_to_find_and_touches_few_lines(program: Look, each: Rule):
    bad = program(each.bad)
    (finding,) = of(each, bad)
    mends = list(each.mend(bad, finding))
    assert mends, "there is a fix"
    for mend in mends:
        after = parse.apply(bad.source, mend.edits)
        assert not of(each, program(after.text)), mend.title
        old, new = ([line.strip() for line in t.splitlines()] for t in (each.bad, after.text))
        changed = [line for line in unified_diff(old, new, n=0) if line.startswith(("+", "-"))][2:]
        assert 1 <= len(changed) <= MOST_LINES, mend.title  # lines that are only indented do not count


@pytest.mark.parametrize("each", MENDED, ids=lambda r: r.id)
def test_a_mend_says_what_it_does_and_what_changes(program: Look, each: Rule):
    bad = program(each.bad)
    for mend in each.mend(bad, of(each, bad)[0]):
        after = parse.apply(bad.source, mend.edits)
        assert after.lines[mend.line - 1].strip(), "the line to look at is no empty one"
        assert mend.consequence
        assert mend.title[0].islower() or mend.title[0] == "`"


@pytest.mark.parametrize("each", MENDED, ids=lambda r: r.id)
def test_a_mend_that_changes_more_than_the_mode_is_unsafe(program: Look, each: Rule):
    bad = program(each.bad)
    assert {mend.safe for mend in each.mend(bad, of(each, bad)[0])} == {each.id not in UNSAFE} == {each.safe}


def test_to_convert_before_the_wrap_is_safe(program: Look):
    assert rule(UNMENDED).safe


@pytest.mark.parametrize("each", EXPLAINED, ids=lambda r: r.id)
def test_what_is_not_mended_is_explained_with_the_line_to_write(program: Look, each: Rule):
    (finding,) = of(each, program(each.bad))
    assert each.mend is no_fix
    assert any(fact.startswith("write") for fact in finding.facts)


@each_rule
def test_each_rule_says_what_it_is(each: Rule):
    assert each.id.startswith("MR")
    assert each.source.startswith("https://")
    for text in (each.summary, each.why, each.not_flagged, each.fix):
        assert len(text) > 30
