"""A pull request as the API tells it, and what can be said on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from modereview.errors import InputError
from modereview.github import markers
from modereview.github.answers import Json, Object
from modereview.github.client import Client
from modereview.github.diff import Diff, FileDiff, diff_of, hunks
from modereview.github.seen import Said, Seen, Summary

_STATUSES = ("added", "removed", "modified", "renamed", "copied", "changed", "unchanged")

THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviewThreads(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id isResolved viewerCanResolve viewerCanUnresolve path line startLine
        comments(first: 20) {
          totalCount
          nodes { id fullDatabaseId body viewerDidAuthor isMinimized viewerCanMinimize }
        }
      }
    }
  } }
}"""
COMMENTS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    comments(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { fullDatabaseId body viewerDidAuthor }
    }
  } }
}"""
MINIMIZE = """
mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { clientMutationId } }"""
RESTORE = """
mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { clientMutationId } }"""
RESOLVE = """
mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { clientMutationId } }"""
REOPEN = """
mutation($id: ID!) { unresolveReviewThread(input: {threadId: $id}) { clientMutationId } }"""


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
        head = _under(self.client.get(f"{self.at}/pulls/{self.number}"), "head")
        own = str(_under(head, "repo").get("full_name", "")).lower() == self.repository.lower()
        return str(head.get("sha", "")), str(head.get("ref", "")), own

    def diff(self) -> Diff:
        """What it changes, of the first 3,000 files: GitHub tells no more."""
        return diff_of(map(_file, self.client.pages(f"{self.at}/pulls/{self.number}/files")))

    def seen(self) -> Seen:
        """What the bot has said here. A marker in somebody else's comment counts for nothing."""
        said = [each for node in self._nodes(THREADS, "reviewThreads") if (each := _said(node))]
        comments = (node for node in self._nodes(COMMENTS, "comments") if node.get("viewerDidAuthor") is True)
        summaries = [
            Summary(_number(node.get("fullDatabaseId")), str(node.get("body")))
            for node in comments
            if str(node.get("body")).startswith(markers.SUMMARY)
        ]
        return Seen(tuple(said), tuple(summaries))

    def _nodes(self, document: str, name: str) -> Iterator[Object]:
        """The nodes of all pages of a list of the pull request's."""
        owner, _, repository = self.repository.partition("/")
        after: Json = None
        while True:
            variables: Object = {"owner": owner, "name": repository, "number": self.number, "after": after}
            data = self.client.query(document, variables)
            page = _under(_under(_under(data, "repository"), "pullRequest"), name)
            yield from _list(page.get("nodes"))
            info = _under(page, "pageInfo")
            if info.get("hasNextPage") is not True:
                return
            after = info.get("endCursor")


def find(client: Client, repository: str, head: str, owner: str, branch: str) -> Pull:
    """The open pull request of a branch, which may lie in a fork. Raises InputError where there is none.

    `workflow_run` does not name it for forks (github.com/actions/runner/issues/3444), so the API is asked.
    """
    params = {"state": "open", "head": f"{owner}:{branch}"}
    for found in client.pages(f"/repos/{quote(repository)}/pulls", params):
        if _under(found, "head").get("sha") == head:
            return Pull(client, repository, _number(found.get("number")))
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


def _said(node: Object) -> Said | None:
    """A thread that the bot began about a finding."""
    comments = _list(_under(node, "comments").get("nodes"))
    first = comments[0] if comments else {}
    read = markers.read(str(first.get("body", ""))) if first.get("viewerDidAuthor") is True else None
    if read is None:
        return None
    last = node.get("line")
    start = node.get("startLine") or last
    unseen = _number(_under(node, "comments").get("totalCount")) > len(comments)
    return Said(
        fingerprint=read[0],
        comment=_number(first.get("fullDatabaseId")),
        node=str(first.get("id")),
        thread=str(node.get("id")),
        body=str(first.get("body")),
        path=str(node.get("path")),
        first=start if isinstance(start, int) else None,
        last=last if isinstance(last, int) else None,
        answered=unseen or any(each.get("viewerDidAuthor") is not True for each in comments),
        closed=read[1],
        resolved=node.get("isResolved") is True,
        minimized=first.get("isMinimized") is True,
        can_resolve=node.get("viewerCanResolve") is True or node.get("viewerCanUnresolve") is True,
        can_minimize=first.get("viewerCanMinimize") is True,
    )


def _under(value: Json, key: str) -> Object:
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _list(value: Json) -> list[Object]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _number(value: Json) -> int:
    """A number; GraphQL sends those of 64 bits as text."""
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdigit()) else 0
