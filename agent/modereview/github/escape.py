"""Text from a pull request made harmless in GitHub's Markdown.

Whatever a stranger can choose (names, messages, source lines, test code) passes through here before it is
posted: nobody is notified, nothing is linked or loaded, no HTML is let through, and no fence is left early.
"""

from __future__ import annotations

import re

from modereview.report.words import printable

# GitHub looks for mentions and references in the rendered text, where no backslash is left. A character of
# no width between the sign and the name is what its own Dependabot puts there.
_GAP = "\u200b"
_CODE = re.compile(r"`([^`]+)`")
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]#|~$^])")
_RULED = re.compile(r"^[-+=]")  # a line of these is a rule, or makes a heading of the line above
_REFERENCES = re.compile(r"(?<=[@#])|(?<=\bGH)(?=-\d)|(?<=:)(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE)
_HASH = re.compile(r"\b[0-9a-f]{7,}\b", re.IGNORECASE)  # GitHub links what may be a commit
_NO_HASH = 6  # characters of one that it does not link
_SHORTEST_FENCE = 3


def prose(text: str) -> str:
    """One line of plain words; what stands in backticks stays code."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(code(part) if index % 2 else _plain(part) for index, part in enumerate(parts))


def code(text: str) -> str:
    """An inline code span of exactly this text, on one line."""
    shown = printable(" ".join(text.split("\n"))) or " "
    ticks = "`" * (_longest_run(shown, "`") + 1)
    pad = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def bare(text: str) -> str:
    """Words for where no Markdown is shown, but SARIF's own links are: `[text](address)`."""
    return re.sub(r"([\\\[\]])", r"\\\1", _REFERENCES.sub(_GAP, printable(text)))


def block(text: str, language: str) -> str:
    """A fenced block of exactly these lines. `language` is ours, never a stranger's."""
    lines = [_printable(line) for line in _lines(text)]
    fence = "`" * max(_SHORTEST_FENCE, _longest_run("\n".join(lines), "`") + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def is_exact(text: str) -> bool:
    """Whether a block shows this code to the letter: it has no form feed, and no sign that turns text."""
    return _TAB not in text and all(_printable(line) == line for line in _lines(text))


def folded(summary: str, content: str) -> str:
    """`content`, Markdown that is safe already, behind a summary of ours that can be opened."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


_TAB = "\ue000"  # a private character keeps the place of tabs, which are the code's own


def _printable(line: str) -> str:
    return printable(line.replace("\t", _TAB)).replace(_TAB, "\t")


def _lines(text: str) -> list[str]:
    text = text.replace(_TAB, "?").replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def _plain(text: str) -> str:
    text = _HASH.sub(_broken, _REFERENCES.sub(_GAP, printable(text)))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _RULED.sub(r"\\\g<0>", _PUNCTUATION.sub(r"\\\1", text))


def _broken(found: re.Match[str]) -> str:
    parts = range(0, len(found[0]), _NO_HASH)
    return _GAP.join(found[0][start : start + _NO_HASH] for start in parts)


def _longest_run(text: str, char: str) -> int:
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)
