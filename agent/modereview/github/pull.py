"""A pull request as the API tells it, and what can be said on it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from modereview.errors import InputError
from modereview.github.answers import Object, number, under
from modereview.github.client import Client
from modereview.github.diff import Diff, FileDiff, diff_of, hunks
from modereview.github.seen import Seen
from modereview.github.threads import seen

_STATUSES = ("added", "removed", "modified", "renamed", "copied", "changed", "unchanged")


@dataclass(frozen=True)
class Pull:
    """One pull request, read and written through a client."""

    client: Client
    repository: str  # "owner/name"
    number: int

    @property
    def at(self) -> str:
        """Where its repository is in the API."""
        return f"/repos/{quote(self.repository)}"

    def commits(self) -> tuple[str, str, bool]:
        """The head, the branch's name, and whether it lies in this very repository."""
        head = under(self.client.get(f"{self.at}/pulls/{self.number}"), "head")
        own = str(under(head, "repo").get("full_name", "")).lower() == self.repository.lower()
        return str(head.get("sha", "")), str(head.get("ref", "")), own

    def diff(self) -> Diff:
        """What it changes, of the first 3,000 files: GitHub tells no more."""
        return diff_of(map(_file, self.client.pages(f"{self.at}/pulls/{self.number}/files")))

    def seen(self) -> Seen:
        """What the bot has said here."""
        return seen(self.client, self.repository, self.number)


def find(client: Client, repository: str, head: str, owner: str, branch: str) -> Pull:
    """The open pull request of a branch, which may lie in a fork. Raises InputError where there is none.

    `workflow_run` does not name it for forks (github.com/actions/runner/issues/3444), so the API is asked.
    """
    params = {"state": "open", "head": f"{owner}:{branch}"}
    for found in client.pages(f"/repos/{quote(repository)}/pulls", params):
        if under(found, "head").get("sha") == head:
            return Pull(client, repository, number(found.get("number")))
    raise InputError(f"No open pull request has its head at {head[:12]}: it was closed or has moved on.")


def _file(item: Object) -> FileDiff:
    patch, status = item.get("patch"), item.get("status")
    known = next((each for each in _STATUSES if each == status), "changed")
    return FileDiff(
        str(item.get("filename")),
        known,  # type: ignore[arg-type]  # one of them, as the line above says
        str(item.get("previous_filename") or ""),
        hunks(patch) if isinstance(patch, str) else (),
        isinstance(patch, str),
    )
