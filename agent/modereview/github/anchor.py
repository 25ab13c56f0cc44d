"""Where on a pull request a finding is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modereview.github.diff import FileDiff
from modereview.github.escape import is_exact
from modereview.github.told import Told

_TALLEST = 12  # lines of a comment's mark; a longer stretch is marked at its first line


@dataclass(frozen=True)
class Anchor:
    """A stretch of lines of the new file, or the file as a whole where `first` is 0."""

    path: str
    first: int = 0
    last: int = 0
    suggests: bool = False  # whether the proved fix replaces exactly these lines


def anchor(told: Told, file: FileDiff) -> Anchor:
    """The fix's own lines where GitHub can apply it there; else the fault, else what leads to it.

    Where the diff shows none of these, the line that it shows nearest to them in the same function or class.
    """
    if suggests(told, file) and told.suggestion:
        return Anchor(told.path, told.suggestion.first, told.suggestion.last, True)
    tall = told.last - told.first >= _TALLEST
    if not tall and file.shows(told.first, told.last):
        return Anchor(told.path, told.first, told.last)
    line = next(filter(None, _lines(told, file)), 0)
    return Anchor(told.path, line, line)


def _lines(told: Told, file: FileDiff) -> Iterator[int]:
    """Lines to mark, the best first; 0 for each that the diff does not have."""
    steps = told.evidence[::-1]
    yield told.first if file.shows(told.first, told.first) else 0
    yield from (step.line for step in steps if file.adds(step.line))
    places = [(told.first, told.within), *((step.line, step.within) for step in steps)]
    for outwards in range(max(len(within) for _, within in places)):
        for line, within in places:
            for block in within[outwards : outwards + 1]:
                yield file.nearest(line, block.first, block.last)


def suggests(told: Told, file: FileDiff) -> bool:
    """Whether the fix is proved and lies within lines of the diff, and a block shows it to the letter."""
    fix = told.suggestion
    if told.state != "fixed" or fix is None:
        return False
    return file.shows(fix.first, fix.last) and is_exact(fix.text)


def touches(told: Told, file: FileDiff) -> bool:
    """Whether the change wrote a line of the finding or of what leads to it."""
    lines = [*range(told.first, min(told.last, told.first + _TALLEST) + 1), *(s.line for s in told.evidence)]
    return any(file.adds(line) for line in lines)
