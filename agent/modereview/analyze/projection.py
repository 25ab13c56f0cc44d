"""What happened in a neighbour, told at the place in the reviewed file that led there."""

from __future__ import annotations

from dataclasses import dataclass

from modereview.analyze.linking import Linked
from modereview.analyze.values import Path
from modereview.records import Span


@dataclass(frozen=True)
class Trail:
    """The way to a place, as far as it goes through the reviewed file: its last call there, or the place."""

    span: Span
    path: Path
    through: tuple[str, ...]  # functions of the reviewed file on the way, outermost first

    @property
    def function(self) -> str:
        """The function that the span lies in; "" for the top level."""
        return self.through[-1] if self.through else ""


def trail(span: Span, path: Path, functions: tuple[str, ...], linked: Linked) -> Trail | None:
    """The calls on the way that lie in the reviewed file; None where a neighbour did it on its own.

    `functions` are those entered at each call of `path`.
    """
    way = (*path, span)
    here = [linked.here(place) for place in way]
    if not here[0]:
        return None
    kept = [place for place, is_here in zip(way, here, strict=True) if is_here]
    through = tuple(f for f, is_here in zip(functions, here[1:], strict=False) if is_here)
    return Trail(kept[-1], Path(kept[:-1]), through)
