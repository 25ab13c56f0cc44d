"""The mode switches that the flow saw, each with the forwards of what it reaches."""

from __future__ import annotations

from modereview.analyze.effects import belongs
from modereview.analyze.frames import Record
from modereview.analyze.values import Path, SwitchRun, Thing
from modereview.records import Mode, Span, Switched


def switches_of(record: Record) -> tuple[Switched, ...]:
    """One for each place, way there and mode, in the order of the text."""
    groups: dict[tuple[Span, Path, Mode], list[SwitchRun]] = {}
    for run in record.switches:
        groups.setdefault((run.span, run.path, run.mode), []).append(run)
    ran: dict[Thing, set[Span]] = {}
    for forward in record.runs:
        ran.setdefault(forward.thing, set()).add(forward.span)
    return tuple(
        _switched(group, ran)
        for _, group in sorted(groups.items(), key=lambda g: (g[0][0], g[0][1], g[0][2].value))
    )


def _switched(group: list[SwitchRun], ran: dict[Thing, set[Span]]) -> Switched:
    first = group[0]
    reached = {t for run in group for t in run.things}
    spans = {
        span
        for thing, found in ran.items()
        if any(belongs(thing, owner) or belongs(owner, thing) for owner in reached)
        for span in found
    }
    return Switched(first.span, first.function, first.path, first.text, first.mode, tuple(sorted(spans)))
