"""What the bot has said on a pull request, read from its threads and comments."""

from __future__ import annotations

from collections.abc import Iterator

from modereview.github import markers
from modereview.github.answers import Json, Object, number, objects, under
from modereview.github.client import Client
from modereview.github.graphql import COMMENTS, THREADS
from modereview.github.seen import Said, Seen, Summary


def seen(client: Client, repository: str, pull: int) -> Seen:
    """What the bot has said there. A marker in somebody else's comment counts for nothing."""
    threads = _nodes(client, repository, pull, THREADS, "reviewThreads")
    comments = _nodes(client, repository, pull, COMMENTS, "comments")
    return Seen(
        tuple(said for node in threads if (said := _said(node))),
        tuple(
            Summary(number(node.get("fullDatabaseId")), str(node.get("body")))
            for node in comments
            if node.get("viewerDidAuthor") is True and str(node.get("body")).startswith(markers.SUMMARY)
        ),
    )


def _nodes(client: Client, repository: str, pull: int, document: str, name: str) -> Iterator[Object]:
    """The nodes of all pages of a list of the pull request's."""
    owner, _, short = repository.partition("/")
    after: Json = None
    while True:
        data = client.query(document, {"owner": owner, "name": short, "number": pull, "after": after})
        page = under(under(under(data, "repository"), "pullRequest"), name)
        yield from objects(page.get("nodes"))
        info = under(page, "pageInfo")
        if info.get("hasNextPage") is not True:
            return
        after = info.get("endCursor")


def _said(node: Object) -> Said | None:
    """A thread that the bot began about a finding."""
    comments = objects(under(node, "comments").get("nodes"))
    first = comments[0] if comments else {}
    read = markers.read(str(first.get("body", ""))) if first.get("viewerDidAuthor") is True else None
    if read is None:
        return None
    last = node.get("line")
    start = node.get("startLine") or last
    unseen = number(under(node, "comments").get("totalCount")) > len(comments)
    return Said(
        fingerprint=read[0],
        comment=number(first.get("fullDatabaseId")),
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
