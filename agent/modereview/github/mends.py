"""A fix as lines: the stretch that GitHub can replace by a click, and the patch for where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff

from modereview import parse
from modereview.github.told import Suggestion
from modereview.records import Edit, Fix, Review, Verdict

_TALLEST = 30  # lines that a suggestion replaces; a longer one reads better as a patch
_LONGEST = 16_000  # characters, as in `told`


@dataclass(frozen=True)
class _Change:
    """`before[first:last]` becomes `lines`; indices count from 0, equal ones insert."""

    first: int
    last: int
    lines: tuple[str, ...]


def suggestion(review: Review, verdict: Verdict) -> Suggestion | None:
    """The proved fix as one stretch of whole lines; None where it is not proved or no such stretch.

    A file with carriage returns gets none: a suggestion that GitHub applies can change its line ends.
    """
    if verdict.state != "fixed" or verdict.fix is None or "\r" in review.source.text:
        return None
    before = _lines(review.source.text)
    changes = _changes(review, verdict.fix)
    if not changes:
        return None
    first, last = _stretch(changes, len(before))
    text = "".join(f"{line}\n" for line in _applied(before, changes, first, last))
    fits = last - first <= _TALLEST and len(text) <= _LONGEST
    return Suggestion(first + 1, last, text) if fits else None


def patch(review: Review, verdict: Verdict) -> str:
    """The fix as the hunks of a unified diff; "" where there is none."""
    if verdict.fix is None or review.source.cells:
        return ""
    before = _lines(review.source.text)
    after = _applied(before, _changes(review, verdict.fix), 0, len(before))
    return "\n".join(list(unified_diff(before, after, lineterm=""))[2:])


def _changes(review: Review, fix: Fix) -> list[_Change]:
    """What the fix does to whole lines.

    A proved fix is taken from the file as it was proved, mended in whole: what stands in it is exact, also
    where several fixes meet in one place.
    """
    source = review.source
    before = _lines(source.text)
    if review.mended is not None:
        after = _lines(parse.decode(source.path, source.root, review.mended).text)
        mended = [change for change in _between(before, after) if _meets(change, fix.edits, source.text)]
        if mended:
            return mended
    try:
        alone = parse.apply(source, fix.edits)
    except ValueError:
        return []
    return list(_between(before, _lines(alone.text)))


def _between(before: Sequence[str], after: Sequence[str]) -> Iterator[_Change]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "equal":
            yield _Change(i, j, tuple(after[k:m]))


def _meets(change: _Change, edits: Sequence[Edit], text: str) -> bool:
    """Whether a change of the mended file is one of the fix's own."""
    for edit in edits:
        first = text.count("\n", 0, edit.start)
        last = text.count("\n", 0, max(edit.start, edit.end - 1))
        if change.first <= last and first <= max(change.last, change.first):
            return True
    return False


def _stretch(changes: Sequence[_Change], length: int) -> tuple[int, int]:
    """The lines from the first change to the last; an insertion takes a line beside it along."""
    first, last = changes[0].first, changes[-1].last
    if first == last:
        return (first, last + 1) if last < length else (first - 1, last)
    if changes[0].first == changes[0].last and first == length:
        first -= 1
    return first, last


def _applied(before: Sequence[str], changes: Sequence[_Change], first: int, last: int) -> list[str]:
    """`before[first:last]` with the changes made."""
    lines: list[str] = []
    at = first
    for change in changes:
        lines += [*before[at : change.first], *change.lines]
        at = change.last
    return [*lines, *before[at:last]]


def _lines(text: str) -> list[str]:
    """The lines as git counts them: only a line feed ends one."""
    return text.removesuffix("\n").split("\n")
