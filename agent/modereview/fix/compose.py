"""Edits of edits: several fixes as one, and positions that move as fixes are applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from modereview.parse.text import whole_lines
from modereview.records import Edit, Source


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
