"""GraphQL of the fake: the two lists that the bot reads, and the four things it does to threads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from stage.hub import Comment, Hub, Thread

PAGE = 50


def answer(hub: Hub, body: dict[str, object]) -> httpx.Response:
    document, variables = str(body["query"]), body["variables"]
    assert isinstance(variables, dict)
    if found := re.search(
        r"(unminimizeComment|minimizeComment|unresolveReviewThread|resolveReviewThread)", document
    ):
        return _change(hub, found[1], str(variables["id"]))
    name = "reviewThreads" if "reviewThreads" in document else "comments"
    nodes = (
        [_thread(hub, t) for t in hub.threads]
        if name == "reviewThreads"
        else [_comment(hub, c) for c in hub.comments]
    )
    start = int(variables["after"] or 0)
    info = {"hasNextPage": start + PAGE < len(nodes), "endCursor": str(start + PAGE)}
    page = {name: {"pageInfo": info, "nodes": nodes[start : start + PAGE]}}
    return httpx.Response(200, json={"data": {"repository": {"pullRequest": page}}})


def _thread(hub: Hub, thread: Thread) -> dict[str, object]:
    can = "contents" in hub.rights
    return {
        "id": thread.id,
        "isResolved": thread.resolved,
        "viewerCanResolve": can and not thread.resolved,
        "viewerCanUnresolve": can and thread.resolved,
        "path": thread.path,
        "line": thread.line,
        "startLine": thread.start_line,
        "comments": {
            "totalCount": len(thread.comments),
            "nodes": [_comment(hub, c) for c in thread.comments[:20]],
        },
    }


def _comment(hub: Hub, comment: Comment) -> dict[str, object]:
    mine = comment.author == hub.viewer
    return {
        "id": f"C{comment.id}",
        "fullDatabaseId": str(comment.id),
        "body": comment.body,
        "viewerDidAuthor": mine,
        "isMinimized": comment.minimized,
        "viewerCanMinimize": "pull-requests" in hub.rights,
    }


def _change(hub: Hub, what: str, node: str) -> httpx.Response:
    right = "contents" if "Thread" in what else "pull-requests"
    if right not in hub.rights:
        error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
        return httpx.Response(200, json={"data": {what: None}, "errors": [error]})
    for thread in hub.threads:
        if thread.id == node:
            thread.resolved = what == "resolveReviewThread"
        for comment in thread.comments:
            if f"C{comment.id}" == node:
                comment.minimized = what == "minimizeComment"
    return httpx.Response(200, json={"data": {what: {"clientMutationId": None}}})
