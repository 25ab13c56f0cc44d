"""A comment as GitHub shows it: `cmarkgfm` is GitHub's own renderer of Markdown."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

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
        self.languages: list[str] = []  # of fenced blocks
        self.plain = ""
        self.code = ""
        self._inside = 0
        # HTML is let through, as GitHub's own filter does with harmless tags: none may be a stranger's.
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.languages += [
            str(value).removeprefix("language-") for key, value in attrs if key in ("lang", "class")
        ]
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
