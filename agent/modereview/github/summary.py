"""The one summary comment, and the job's summary page: what the comments at lines do not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from modereview.github import markers
from modereview.github.escape import folded, prose
from modereview.github.told import Handover, Told
from modereview.github.words import counted, fit, place, title
from modereview.report.words import amount, sentence

_LISTED = 50  # findings listed in the summary; more are counted
_NOTES = 20


@dataclass(frozen=True)
class Tally:
    """What is told, in numbers and where no comment tells it."""

    told: tuple[Told, ...]  # findings of this change
    over: tuple[Told, ...] = ()  # those of them that got no comment
    old: int = 0  # findings that the base has too, away from the change
    gone: int = 0  # findings told before that are there no more


def tally(
    handover: Handover, told: Sequence[Told], over: Sequence[Told] | None = None, gone: int = 0
) -> Tally:
    """The numbers. Without `over` all that is told is listed, notes apart, as where no comment says it."""
    mine = {each.fingerprint for each in told}
    old = sum(each.severity != "note" and each.fingerprint not in mine for each in handover.findings)
    listed = [each for each in told if each.severity != "note"] if over is None else over
    return Tally(tuple(told), tuple(listed), old, gone)


def body(handover: Handover, tally: Tally) -> str:
    """What was found, proved and mended; what has no comment; what could not be run."""
    marker = f"{markers.SUMMARY}\n"
    return fit(*([f"{marker}{page(handover, tally, rows)}"] for rows in (_LISTED, 5, 0)))


def page(handover: Handover, tally: Tally, rows: int = _LISTED) -> str:
    """The same without the marker, for the job's summary."""
    parts = [
        " ".join([_headline(tally.told), *_proofs(tally), *_quiet(handover, tally)]),
        _list(tally.over, rows),
        _sentences(handover.notes),
        folded("What was not run, and why", _sentences(handover.not_run)) if handover.not_run else "",
        f"<sub>Reviewed {amount(len(handover.reviewed), 'file')} at {handover.head[:12]}.</sub>",
    ]
    return "\n\n".join(part for part in parts if part)


def _headline(told: tuple[Told, ...]) -> str:
    kinds = Counter[str](each.severity for each in told)
    found = counted(kinds["error"], kinds["warning"]) or "no mode fault"
    # No comment tells of a note.
    aside = f" {amount(kinds['note'], 'note')} in the annotations." if kinds["note"] else ""
    return f"**modereview** finds {found} in this change.{aside}"


def _proofs(tally: Tally) -> list[str]:
    proved = sum(bool(each.proved_by) for each in tally.told)
    fixable = sum(each.state == "fixed" for each in tally.told)
    said = [
        (proved, f"{proved} proved by a failing test"),
        (fixable, f"{fixable} with a proved fix"),
        (tally.gone, f"{tally.gone} told before, gone now"),
    ]
    parts = [text for number, text in said if number]
    return [sentence(", ".join(parts))] if parts else []


def _quiet(handover: Handover, tally: Tally) -> list[str]:
    parts = []
    if tally.old:
        parts.append(f"{amount(tally.old, 'finding')} in these files that the change does not touch.")
    if handover.silenced:
        parts.append(f"{amount(handover.silenced, 'finding')} taken back by comments in the code.")
    return parts


def _sentences(said: Sequence[str]) -> str:
    rows = [f"- {sentence(prose(text))}" for text in said[:_NOTES]]
    return "\n".join([*rows, *filter(None, [_more(len(said) - _NOTES, "sentence")])])


def _list(over: tuple[Told, ...], limit: int) -> str:
    rows = [f"- {place(told)} {title(told)}" for told in over[:limit]]
    return "\n".join([*rows, *filter(None, [_more(len(over) - limit, "finding")])])


def _more(count: int, noun: str) -> str:
    return f"- and {amount(count, f'more {noun}')}" if count > 0 else ""
