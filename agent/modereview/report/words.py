"""Small pieces of English, and text made safe to print."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import bidirectional, category

# Explicit direction marks reorder what a terminal shows after them ("Trojan source").
_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    """`text` with every character that could steer a terminal written as its escape."""
    return "".join(_escape(char) if _steers(char) else char for char in text)


def amount(count: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(items: Sequence[str], limit: int | None = None) -> str:
    """`a`, `a and b`, `a, b and c`; past `limit`: `a, b and 3 more`."""
    shown = list(items)
    if limit is not None and len(shown) > limit:
        shown = [*shown[:limit], f"{len(items) - limit} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def sentence(text: str) -> str:
    """`text` with a full stop, unless it ends in a mark of its own."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def sentences(*texts: str) -> list[str]:
    """What is there of `texts`, each with a capital and a full stop."""
    return [sentence(text[0].upper() + text[1:]) for text in texts if text]


def _steers(char: str) -> bool:
    return category(char) in _UNPRINTABLE or bidirectional(char) in _DIRECTIONS


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
