"""The source text behind a span, in whichever file it lies."""

from __future__ import annotations

from typing import Protocol

from modereview.records import Span


class Text(Protocol):
    """A file, or several that are looked at together."""

    def slice(self, span: Span) -> str:
        """The source text of a span."""
