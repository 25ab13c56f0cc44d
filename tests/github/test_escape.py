"""Text of a stranger in GitHub's own Markdown: `cmarkgfm` is GitHub's renderer."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from modereview.github.escape import block, code, folded, prose
from stage.shown import HOSTILE, Shown, notifies_or_links


@pytest.mark.parametrize("text", HOSTILE)
def test_prose_is_plain_words(text):
    shown = Shown(prose(text))
    assert set(shown.tags) <= {"p", "code"}
    assert not notifies_or_links(shown.plain)


@pytest.mark.parametrize("text", HOSTILE)
def test_an_inline_code_span_holds_all_of_it(text):
    shown = Shown(f"before {code(text)} after")
    assert shown.tags == ["p", "code"]
    assert shown.plain.split() == ["before", "after"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", ["python", "suggestion", "diff"])
def test_nothing_leaves_a_fenced_block(text, language):
    shown = Shown(f"before\n\n{block(text, language)}\n\nafter")
    assert shown.tags == ["p", "pre", "code", "p"]
    assert shown.plain.split() == ["before", "after"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_leaves_a_fold(text):
    shown = Shown(folded("A test", block(text, "python")) + "\n\nafter")
    assert shown.tags == ["details", "summary", "pre", "code", "p"]


def test_prose_keeps_code_and_says_the_same():
    shown = Shown(prose("from epoch 2 on, `model.net[0]` trains in *eval* mode (see #12)"))
    assert shown.code == "model.net[0]"
    assert shown.plain.replace("\u200b", "").strip() == "from epoch 2 on,  trains in *eval* mode (see #12)"


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_block_shows_every_printable_line_as_it_is(text):
    shown = Shown(block(text, "python"))
    assert shown.tags == ["pre", "code"]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="`*_[]()<>!@#:/w.-~|\\&;ab01 \n", max_size=40))
@example("@`0`0")  # what stands before and after code might be read as one
@example("---")  # a rule across the page
@example("0@.a")  # an address, as GitHub takes it
def test_any_mix_of_signs_stays_plain(text):
    shown = Shown(prose(text))
    assert set(shown.tags) <= {"p", "code", "ol", "ul", "li"}
    assert not notifies_or_links(shown.plain)


def test_an_empty_suggestion_takes_the_lines_away():
    assert block("", "suggestion") == "```suggestion\n```"
    assert block("\n", "suggestion") == "```suggestion\n\n```"
