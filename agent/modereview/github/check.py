"""The check of the pull request's head: a mark, and a note at each line, 50 a request as GitHub allows.

https://docs.github.com/en/rest/checks/runs
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, TypeAlias

from modereview.github.answers import Object, Refused
from modereview.github.pull import Pull
from modereview.github.told import Told
from modereview.report.words import amount, printable, sentences

FailOn: TypeAlias = Literal["error", "warning", "never"]
NAME = "modereview"

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
    if mark in _marks(pull, head):
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
            "output": {**output, "annotations": batches[0]},
        },
    )
    for batch in batches[1:]:
        pull.client.send(
            "PATCH", f"{pull.at}/check-runs/{run['id']}", {"output": {**output, "annotations": batch}}
        )
    # The mark comes last: a run that was cut off before is not taken for a whole one.
    done: Object = {
        "status": "completed",
        "conclusion": _conclusion(told, fail_on),
        "external_id": mark,
    }
    pull.client.send("PATCH", f"{pull.at}/check-runs/{run['id']}", done)


def _marks(pull: Pull, head: str) -> set[str]:
    """What the checks of ours on this head say, as their external ids."""
    try:
        runs = list(
            pull.client.pages(f"{pull.at}/commits/{head}/check-runs", {"check_name": NAME}, "check_runs")
        )
    except Refused:
        return set()
    return {str(run.get("external_id")) for run in runs if run.get("status") == "completed"}


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
