"""What the tests of the edits share: a source from text, a span from a marked word, an edit made."""

from __future__ import annotations

from pathlib import Path

import pytest
from modereview import parse
from modereview.records import Edit, Source, Span


class Sources:
    def make(self, text: str, encoding: str = "utf-8") -> Source:
        return parse.decode(Path("/project/train.py"), Path("/project"), text.encode(encoding))

    def span(self, source: Source, needle: str) -> Span:
        """The first place where the needle stands."""
        before, found, _ = source.code.partition(needle)
        assert found, needle
        through = before + needle
        return Span(*self._end(before), *self._end(through))

    def _end(self, text: str) -> tuple[int, int]:
        return text.count("\n") + 1, len(text) - text.rfind("\n")

    def after(self, source: Source, edit: Edit) -> str:
        return parse.apply(source, [edit]).text


@pytest.fixture
def sources() -> Sources:
    return Sources()
