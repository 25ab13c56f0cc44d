"""Edits of edits: several fixes as one, and positions that move as fixes are applied."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from modereview.parse.text import whole_lines
from modereview.records import Edit, Source, Span


def compose(before: Source, after: Source) -> tuple[Edit, ...]:
    """The edits, by whole lines, that lead from one text to another."""
    old, new = whole_lines(before.text), whole_lines(after.text)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Edit(starts[i], starts[j], "".join(new[k:m]))
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    )


def moved(offset: int, edits: Sequence[Edit]) -> int:
    """Where an offset of the text is once the edits were applied; inside an edit, where that one ends up."""
    shift = 0
    for edit in sorted(edits):
        if edit.end <= offset and (edit.end > edit.start or edit.start <= offset):
            shift += len(edit.replacement) - (edit.end - edit.start)
    return offset + shift


def moved_back(edit: Edit, earlier: Sequence[Edit]) -> Edit:
    """An edit of the text after `earlier`, in the positions of the text before."""
    return replace(edit, start=_back(edit.start, earlier), end=_back(edit.end, earlier))


def _back(offset: int, earlier: Sequence[Edit]) -> int:
    shift = 0
    for edit in sorted(earlier):
        start = edit.start + shift
        grown = len(edit.replacement) - (edit.end - edit.start)
        if offset >= start + len(edit.replacement):
            shift += grown
        elif offset > start:
            return edit.end
    return offset - shift


def line_after(line: int, before: Source, after: Source) -> int:
    """Where a line of a text is in the text that was made of it."""
    return _position(after, moved(before.offset(line, 1), compose(before, after)))[0]


def span_before(span: Span, before: Source, after: Source) -> Span:
    """A span of a text, in the text that it was made of."""
    start, end = after.offset(span.line, span.column), after.offset(span.end_line, span.end_column)
    edit = moved_back(Edit(start, end, ""), compose(before, after))
    return Span(*_position(before, edit.start), *_position(before, edit.end))


def _position(source: Source, offset: int) -> tuple[int, int]:
    line = bisect_right(source.line_offsets, offset)
    return line, offset - source.line_offsets[line - 1] + 1
