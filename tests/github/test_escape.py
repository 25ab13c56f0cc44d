"""Text of a stranger in GitHub's own Markdown: `cmarkgfm` is GitHub's renderer."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from modereview.github.escape import block, code, folded, prose

HOSTILE = [
    "@octocat look, @org/team too",
    "![x](https://evil.example/pixel.png)",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)> <script>alert(1)</script> <!-- ",
    "https://evil.example and www.evil.example and a@evil.example and ftp://evil.example",
    "fixes #1, GH-2, org/repo#3, 0123456789abcdef0123456789abcdef01234567",
    "```\nout of the fence\n```suggestion\nrm -rf /\n```",
    "</details> --> <!-- modereview:finding 0123456789abcdef -->",
    "a | b\n--- | ---\n1 | 2",
    "# heading\n\n> quote\n\n* list",
    "**bold** _it_ ~~gone~~ $x$ [^1] :tada:",
    "`unclosed @octocat",
    "``` `` ` @octocat",
    "\\`@octocat` \\[x](https://evil.example)",
    "a\u202eb\x00c\x1b[31m",
    "&lt;img&gt; &#64;octocat",
]


class Shown(HTMLParser):
    """The tags of a page, and its text outside code."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.plain = ""
        self.code = ""
        self._inside = 0
        # HTML is let through, as GitHub's own filter does with harmless tags: none may be a stranger's.
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._inside += tag == "code"

    def handle_endtag(self, tag):
        self._inside -= tag == "code"

    def handle_data(self, data):
        if self._inside:
            self.code += data
        else:
            self.plain += data


def notifies_or_links(plain: str) -> bool:
    """What GitHub's filters look for in text: mentions, issues, commits, addresses."""
    return bool(re.search(r"@\w|#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|://|www\.", plain, re.IGNORECASE))


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
def test_any_mix_of_signs_stays_plain(text):
    shown = Shown(prose(text))
    assert set(shown.tags) <= {"p", "code", "ol", "ul", "li"}
    assert not notifies_or_links(shown.plain)


def test_an_empty_suggestion_takes_the_lines_away():
    assert block("", "suggestion") == "```suggestion\n```"
    assert block("\n", "suggestion") == "```suggestion\n\n```"
