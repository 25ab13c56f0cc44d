"""The check of the pull request's head: a mark, and a note at each line, 50 a request as GitHub allows.

https://docs.github.com/en/rest/checks/runs
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, TypeAlias

from modereview.github.answers import Json, Object, Refused
from modereview.github.pull import Pull
from modereview.github.told import Told
from modereview.report.words import amount, printable, sentences

FailOn: TypeAlias = Literal["error", "warning", "never"]
NAME = "modereview"

_BEGUN = "modereview: begun"  # the external id of a check that is being written
_A_REQUEST = 50
_IN_ALL = 500  # ten requests; the summary says what was left out
_LEVELS = {"error": "failure", "warning": "warning", "note": "notice"}
_FAILING = {"error": ("error",), "warning": ("error", "warning"), "never": ()}
_MESSAGE = 10_000  # characters; GitHub takes 64 KB


def fails(told: Sequence[Told], fail_on: FailOn) -> bool:
    """Whether findings of this change are grave enough to fail it."""
    return any(each.severity in _FAILING[fail_on] for each in told)


def check(pull: Pull, head: str, told: Sequence[Told], page: str, fail_on: FailOn) -> None:
    """Write the check, unless this head has one that says the same. Raises Refused."""
    mark = _mark(told, page, fail_on)
    runs = _runs(pull, head)
    for each in runs:
        if each.get("external_id") == _BEGUN and each.get("status") != "completed":
            _end(pull, each["id"], {"conclusion": "cancelled"})  # a run that was cut off left it
    if any(each.get("external_id") == mark for each in runs):
        return
    left_out = len(told) - _IN_ALL
    more = f"\n\nNot at their lines: {amount(left_out, 'more finding')}." if left_out > 0 else ""
    output: Object = {"title": title(told), "summary": page + more}
    notes = [annotation(each) for each in told[:_IN_ALL]]
    batches = [notes[start : start + _A_REQUEST] for start in range(0, len(notes), _A_REQUEST)] or [[]]
    run = pull.client.send(
        "POST",
        f"{pull.at}/check-runs",
        {
            "name": NAME,
            "head_sha": head,
            "status": "in_progress",
            "external_id": _BEGUN,
            "output": {**output, "annotations": batches[0]},
        },
    )
    for batch in batches[1:]:
        pull.client.send(
            "PATCH", f"{pull.at}/check-runs/{run['id']}", {"output": {**output, "annotations": batch}}
        )
    # The mark comes last: a run that was cut off before is not taken for a whole one.
    _end(pull, run["id"], {"conclusion": _conclusion(told, fail_on), "external_id": mark})


def _end(pull: Pull, run: Json, how: Object) -> None:
    pull.client.send("PATCH", f"{pull.at}/check-runs/{run}", {"status": "completed", **how})


def _runs(pull: Pull, head: str) -> list[Object]:
    """The checks of our name on this head; a job of that name is among them, and known by its external id."""
    path = f"{pull.at}/commits/{head}/check-runs"
    try:
        return list(pull.client.pages(path, {"check_name": NAME, "filter": "all"}, "check_runs"))
    except Refused:
        return []


def _mark(told: Sequence[Told], page: str, fail_on: FailOn) -> str:
    said = "\0".join([page, fail_on, *(f"{each.fingerprint} {each.first}" for each in told)])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _conclusion(told: Sequence[Told], fail_on: FailOn) -> str:
    if fails(told, fail_on):
        return "failure"
    return "neutral" if any(each.severity != "note" for each in told) else "success"


def title(told: Sequence[Told]) -> str:
    """What the list of checks shows of this one."""
    grave = [each for each in told if each.severity != "note"]
    return f"{amount(len(grave), 'mode fault')} in this change" if grave else "No mode fault in this change"


def annotation(told: Told) -> Object:
    """One note. Its text is shown as it is, never as Markdown."""
    chain = [f"line {step.line}: {step.text}" for step in told.evidence]
    text = "\n".join(printable(line) for line in (*sentences(told.message), *chain, *sentences(*told.facts)))
    return {
        "path": told.path,
        "start_line": told.first,
        "end_line": max(told.last, told.first),
        "annotation_level": _LEVELS[told.severity],
        "title": f"{told.rule} {told.name}",
        "message": text[:_MESSAGE],
    }
