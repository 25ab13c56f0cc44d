"""What the runner says happened: which pull request, which commits, whose branch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modereview.errors import InputError

_SHA = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Event:
    """A pull request as an event names it. `number` is 0 where only the API knows it."""

    repository: str  # "owner/name", the one that is asked to pull
    head: str
    base: str  # the tip of the branch to be merged into; "" for a run that ended
    number: int
    fork: bool
    owner: str  # of the branch
    branch: str


def read(path: Path) -> Event:
    """The event in a file that the runner wrote. Raises InputError for other events and other files."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The event {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise InputError(f"The event {path} is no JSON. GITHUB_EVENT_PATH names the runner's own.") from None
    if _at(document, "pull_request"):
        return _of_pull_request(document)
    if _at(document, "workflow_run"):
        return _of_run(document)
    raise InputError(f"{path} tells of no pull request. Run this on: pull_request, or on: workflow_run.")


def _of_pull_request(document: Mapping[str, object]) -> Event:
    pull = _at(document, "pull_request")
    head, own = _at(pull, "head"), str(_at(document, "repository").get("full_name", ""))
    number = pull.get("number")
    return Event(
        own,
        _sha(head.get("sha")),
        _sha(_at(pull, "base").get("sha")),
        number if isinstance(number, int) else 0,
        str(_at(head, "repo").get("full_name", "")).lower() != own.lower(),
        str(_at(head, "user").get("login", "")),
        str(head.get("ref", "")),
    )


def _of_run(document: Mapping[str, object]) -> Event:
    run = _at(document, "workflow_run")
    if run.get("event") != "pull_request":
        raise InputError("The run that ended was not about a pull request: there is nothing to post.")
    own = str(_at(document, "repository").get("full_name", ""))
    source = _at(run, "head_repository")
    return Event(
        own,
        _sha(run.get("head_sha")),
        "",
        0,
        str(source.get("full_name", "")).lower() != own.lower(),
        str(_at(source, "owner").get("login", "")),
        str(run.get("head_branch", "")),
    )


def _at(value: object, key: str) -> Mapping[str, object]:
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _sha(value: object) -> str:
    """A full commit id. Raises InputError: git is never handed another word."""
    if isinstance(value, str) and _SHA.fullmatch(value):
        return value
    raise InputError("The event names no commit where it should. Is it GitHub's own?")
