"""REST writes of the fake, with the refusals that GitHub is known for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from stage.hub import Hub

RIGHTS = (
    ("/check-runs", "checks"),
    ("/code-scanning", "security-events"),
    ("/git/", "contents"),
    ("", "pull-requests"),
)


def answer(hub: Hub, method: str, path: str, body: dict[str, object]) -> httpx.Response:
    if next(right for part, right in RIGHTS if part in path) not in hub.rights:
        return httpx.Response(403, json={"message": "Resource not accessible by integration"})
    for pattern, does in ROUTES:
        if found := re.fullmatch(pattern, f"{method} {path}"):
            return does(hub, found, body)
    return httpx.Response(404, json={"message": "Not Found"})


def review(hub: Hub, _: re.Match[str], body: dict[str, object]) -> httpx.Response:
    comments = body["comments"]
    assert isinstance(comments, list)
    if not all(_fits(hub, comment) for comment in comments):
        return httpx.Response(
            422, json={"message": "Unprocessable Entity", "errors": ["Line could not be resolved"]}
        )
    hub.reviews.append(body)
    for comment in comments:
        _begin(hub, comment)
    return httpx.Response(200, json={"id": hub.next_id()})


def comment(hub: Hub, _: re.Match[str], body: dict[str, object]) -> httpx.Response:
    if not _fits(hub, body):
        return httpx.Response(
            422, json={"message": "Validation Failed", "errors": ["line must be part of the diff"]}
        )
    _begin(hub, body)
    return httpx.Response(201, json={"id": hub.next_id()})


def _fits(hub: Hub, body: dict[str, object]) -> bool:
    """The lines are in one hunk, the file in the diff, the body not too long, the commit the head."""
    path, line = str(body["path"]), body.get("line")
    if len(str(body["body"])) > 65_536 or body.get("commit_id", hub.head) != hub.head:
        return False
    if body.get("subject_type") == "file":
        return path in hub.files
    first = body.get("start_line", line)
    if not isinstance(line, int) or not isinstance(first, int) or ("start_line" in body and first >= line):
        return False
    return hub.shows(path, first, line)


def _begin(hub: Hub, body: dict[str, object]) -> None:
    from stage.hub import Comment, Thread

    number = hub.next_id()
    line, start = body.get("line"), body.get("start_line")
    hub.threads.append(
        Thread(
            f"T{number}",
            str(body["path"]),
            [Comment(number, str(body["body"]), hub.viewer)],
            line if isinstance(line, int) else None,
            start if isinstance(start, int) else None,
            body.get("subject_type") == "file",
        )
    )


def edit_comment(hub: Hub, found: re.Match[str], body: dict[str, object]) -> httpx.Response:
    for thread in hub.threads:
        for each in thread.comments:
            if each.id == int(found[1]):
                each.body = str(body["body"])
                return httpx.Response(200, json={"id": each.id})
    return httpx.Response(404, json={"message": "Not Found"})


def delete_comment(hub: Hub, found: re.Match[str], _: dict[str, object]) -> httpx.Response:
    before = len(hub.threads)
    hub.threads = [t for t in hub.threads if t.comments[0].id != int(found[1])]
    return httpx.Response(204 if len(hub.threads) < before else 404)


def talk(hub: Hub, _: re.Match[str], body: dict[str, object]) -> httpx.Response:
    from stage.hub import Comment

    hub.comments.append(Comment(hub.next_id(), str(body["body"]), hub.viewer))
    return httpx.Response(201, json={"id": hub.comments[-1].id})


def edit_talk(hub: Hub, found: re.Match[str], body: dict[str, object]) -> httpx.Response:
    for each in hub.comments:
        if each.id == int(found[1]):
            each.body = str(body["body"])
            return httpx.Response(200, json={"id": each.id})
    return httpx.Response(404, json={"message": "Not Found"})


def delete_talk(hub: Hub, found: re.Match[str], _: dict[str, object]) -> httpx.Response:
    before = len(hub.comments)
    hub.comments = [each for each in hub.comments if each.id != int(found[1])]
    return httpx.Response(204 if len(hub.comments) < before else 404)


def check(hub: Hub, _: re.Match[str], body: dict[str, object]) -> httpx.Response:
    run = {**body, "id": hub.next_id(), "app": {"slug": "github-actions"}}
    return _annotated(hub, run, body) or _kept(hub, run)


def more_check(hub: Hub, found: re.Match[str], body: dict[str, object]) -> httpx.Response:
    run = next(run for run in hub.checks if run["id"] == int(found[1]))
    refused = _annotated(hub, run, body)
    if not refused:
        run.update({key: value for key, value in body.items() if key != "output"})
    return refused or httpx.Response(200, json={"id": run["id"]})


def _annotated(hub: Hub, run: dict[str, object], body: dict[str, object]) -> httpx.Response | None:
    output = body.get("output", {})
    assert isinstance(output, dict)
    fresh = output.get("annotations", [])
    if len(fresh) > 50:
        return httpx.Response(422, json={"message": "No more than 50 annotations"})
    run["annotations"] = [*run.get("annotations", []), *fresh]  # type: ignore[misc]
    return None


def _kept(hub: Hub, run: dict[str, object]) -> httpx.Response:
    hub.checks.append(run)
    return httpx.Response(201, json={"id": run["id"]})


def upload(hub: Hub, _: re.Match[str], body: dict[str, object]) -> httpx.Response:
    if not hub.scanning:
        return httpx.Response(403, json={"message": "Code scanning is not enabled for this repository."})
    hub.uploads.append(body)
    return httpx.Response(202, json={"id": "47177e22-5596-11eb-80a1-c1e54ef945c6"})


def tree(hub: Hub, _: re.Match[str], body: dict[str, object]) -> httpx.Response:
    entries = body["tree"]
    assert isinstance(entries, list)
    hub.tree = {str(entry["path"]): str(entry["content"]) for entry in entries}
    return httpx.Response(201, json={"sha": "d" * 40})


def commit(hub: Hub, _: re.Match[str], body: dict[str, object]) -> httpx.Response:
    hub.commits.append(body)
    return httpx.Response(201, json={"sha": "e" * 40})


def move(hub: Hub, found: re.Match[str], body: dict[str, object]) -> httpx.Response:
    if found[1] != hub.branch or hub.commits[-1]["parents"] != [hub.head] or body.get("force"):
        return httpx.Response(422, json={"message": "Update is not a fast forward"})
    hub.head = str(body["sha"])
    return httpx.Response(200, json={"ref": f"refs/heads/{hub.branch}"})


ROUTES = (
    (r"POST /pulls/7/reviews", review),
    (r"POST /pulls/7/comments", comment),
    (r"PATCH /pulls/comments/(\d+)", edit_comment),
    (r"DELETE /pulls/comments/(\d+)", delete_comment),
    (r"POST /issues/7/comments", talk),
    (r"PATCH /issues/comments/(\d+)", edit_talk),
    (r"DELETE /issues/comments/(\d+)", delete_talk),
    (r"POST /check-runs", check),
    (r"PATCH /check-runs/(\d+)", more_check),
    (r"POST /code-scanning/sarifs", upload),
    (r"POST /git/trees", tree),
    (r"POST /git/commits", commit),
    (r"PATCH /git/refs/heads/(.+)", move),
)
