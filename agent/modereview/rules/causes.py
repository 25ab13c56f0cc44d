"""One finding for one cause: a rule that says why a forward is in the wrong mode speaks for it."""

from __future__ import annotations

from collections.abc import Iterable

from modereview.records import Finding, Severity

_GENERAL = frozenset({"MR101", "MR102", "MR103"})  # a forward in the wrong mode, whatever the reason
_LOUDNESS = (Severity.NOTE, Severity.WARNING, Severity.ERROR)


def without_consequences(found: Iterable[Finding]) -> list[Finding]:
    """The findings without those that a more specific one explains.

    A finding explains the forwards that its evidence ends in. It never silences one that is louder.
    """
    found = list(found)
    explained: dict[object, int] = {}
    for finding in found:
        if finding.rule not in _GENERAL:
            for event in finding.evidence:
                if event.kind == "forward":
                    loudness = _LOUDNESS.index(finding.severity)
                    explained[event.span] = max(loudness, explained.get(event.span, 0))
    return [
        f for f in found if f.rule not in _GENERAL or explained.get(f.span, -1) < _LOUDNESS.index(f.severity)
    ]
