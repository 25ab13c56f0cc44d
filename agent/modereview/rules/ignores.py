"""Comments that take findings back: `# modereview: ignore[MR101] why`, and `ignore-file` for a whole file.

An ignore counts for what is found on its line; where a statement has several lines, one on its first or last
line counts for all of it. Only comments are looked at, never strings, and only our own.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from modereview.records import Finding, Quiet, Source, Span

_OURS = re.compile(r"#\s*modereview:\s*(?P<word>[\w-]+)\s*(?:\[(?P<ids>[^\]#]*)\])?(?P<reason>[^#]*)")
_WORDS = ("ignore", "ignore-file")


@dataclass(frozen=True)
class Ignore:
    """One comment of ours. It holds for findings that start on one of `lines`; None for the whole file."""

    span: Span
    word: str  # what follows `modereview:`; only `ignore` and `ignore-file` mean something
    ids: tuple[str, ...] | None  # rules or starts of their ids; None for all
    reason: str
    lines: frozenset[int] | None

    def names(self, rule: str) -> tuple[str, ...]:
        """Those of its ids that mean a rule; "" where it means all."""
        return ("",) if self.ids is None else tuple(i for i in self.ids if rule.startswith(i))

    def covers(self, finding: Finding) -> bool:
        """Whether it takes a finding back."""
        here = self.lines is None or finding.span.line in self.lines
        return here and self.word in _WORDS and bool(self.names(finding.rule))


def ignores(source: Source) -> tuple[Ignore, ...]:
    """The ignores of a file, in its order; none where the tokenizer and the parser disagree on the file."""
    if "modereview:" not in source.code:
        return ()
    try:
        return tuple(_read(tokenize.generate_tokens(StringIO(source.code).readline)))
    except (tokenize.TokenError, SyntaxError):
        return ()


def split(found: Iterable[Finding], comments: Sequence[Ignore]) -> tuple[list[Finding], list[Quiet]]:
    """The findings that no comment takes back, and those that one does."""
    kept: list[Finding] = []
    quiet: list[Quiet] = []
    for finding in found:
        covering = next((comment for comment in comments if comment.covers(finding)), None)
        if covering is None:
            kept.append(finding)
        else:
            quiet.append(Quiet(finding, "comment", covering.reason))
    return kept, quiet


def idle(comment: Ignore, quiet: Iterable[Quiet]) -> tuple[str, ...]:
    """Those of a comment's ids that took nothing back; "" for one that means all rules."""
    findings = [each.finding for each in quiet if comment.covers(each.finding)]
    used = {name for finding in findings for name in comment.names(finding.rule)}
    return tuple(name for name in (comment.ids or ("",)) if name not in used)


def _read(tokens: Iterable[tokenize.TokenInfo]) -> Iterator[Ignore]:
    """The ignores, each once its statement has ended: only then are the lines known that it counts for."""
    first: int | None = None  # the first line of the statement that is being read
    waiting: list[tokenize.TokenInfo] = []
    for token in tokens:
        if token.type == tokenize.COMMENT:
            waiting.append(token)
        elif token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
            lines = range(first or token.start[0], token.start[0] + 1)
            for comment in waiting:
                yield from _of_comment(comment, lines)
            first, waiting = None, []
        elif first is None and token.string.strip():
            first = token.start[0]


def _of_comment(token: tokenize.TokenInfo, statement: range) -> Iterator[Ignore]:
    line = token.start[0]
    whole = line in (statement[0], statement[-1])
    for match in _OURS.finditer(token.string):
        start = token.start[1] + match.start() + 1
        end = token.start[1] + match.start() + len(match[0].rstrip()) + 1
        yield Ignore(
            Span(line, start, line, end),
            match["word"].lower(),
            _ids(match["ids"]),
            match["reason"].strip(" :-"),
            None if match["word"].lower() == "ignore-file" else frozenset(statement if whole else [line]),
        )


def _ids(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(dict.fromkeys(re.findall(r"[^\s,]+", text.upper())))
