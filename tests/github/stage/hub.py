"""A GitHub that keeps the state of one pull request: the few endpoints that the bot speaks to.

It stands in for httpx's transport. `requests` remembers everything that was asked, and `trouble` lets a test
make the next matching request fail before it is done, or after.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from modereview.github.client import Client
from modereview.github.diff import hunks

from stage import graph, writes

REPOSITORY, NUMBER = "octo/train", 7
ALL = frozenset({"pull-requests", "checks", "security-events", "contents"})
DEFAULT = ALL - {"contents"}  # what our own workflow grants


@dataclass
class Comment:
    """A comment in a thread, or on the pull request itself."""

    id: int
    body: str
    author: str
    minimized: bool = False


@dataclass
class Thread:
    """A review thread: where it began, and its comments."""

    id: str
    path: str
    comments: list[Comment]
    line: int | None = None
    start_line: int | None = None
    of_file: bool = False
    resolved: bool = False


@dataclass
class Trouble:
    """What happens to the next request that matches."""

    method: str
    path: str  # a regular expression
    status: int = 502  # 0 breaks the connection
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "{}"
    done: bool = False  # whether the request is carried out all the same
    times: int = 1


@dataclass
class Hub:
    """One repository with one pull request, as one token sees it."""

    head: str = "a" * 40
    files: dict[str, str | None] = field(default_factory=dict)  # path -> patch; None where it is too big
    statuses: dict[str, str] = field(default_factory=dict)
    rights: frozenset[str] = DEFAULT
    viewer: str = "github-actions[bot]"
    fork: bool = False
    scanning: bool = True
    branch: str = "topic"
    threads: list[Thread] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reviews: list[dict[str, object]] = field(default_factory=list)
    checks: list[dict[str, object]] = field(default_factory=list)
    uploads: list[dict[str, object]] = field(default_factory=list)
    tree: dict[str, str] = field(default_factory=dict)  # what was committed to the branch
    commits: list[dict[str, object]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    trouble: list[Trouble] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None  # what another does just before the next write
    _last: int = 0

    def client(self) -> Client:
        transport = httpx.MockTransport(self.answer)
        return Client("https://api.github.test", "t0ken", transport, self.waits.append, lambda: 1_000.0)

    def next_id(self) -> int:
        self._last += 1
        return self._last

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method != "GET" and self.meanwhile and "graphql" not in request.url.path:
            other, self.meanwhile = self.meanwhile, None
            other()
        for trouble in self.trouble:
            if (
                trouble.times
                and trouble.method == request.method
                and re.search(trouble.path, request.url.path)
            ):
                trouble.times -= 1
                if trouble.done:
                    self._route(request)
                if not trouble.status:
                    raise httpx.ReadTimeout("no answer", request=request)
                return httpx.Response(
                    trouble.status, headers=trouble.headers, text=trouble.body, request=request
                )
        return self._route(request)

    def _route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(f"/repos/{REPOSITORY}")
        body = json.loads(request.content) if request.content else {}
        if path == "/graphql":
            return graph.answer(self, body)
        if request.method == "GET":
            return self._get(path, request)
        return writes.answer(self, request.method, path, body)

    def _get(self, path: str, request: httpx.Request) -> httpx.Response:
        owner = "stranger" if self.fork else "octo"
        pull = {
            "number": NUMBER,
            "head": {"sha": self.head, "ref": self.branch, "repo": {"full_name": f"{owner}/train"}},
        }
        if path == f"/pulls/{NUMBER}":
            return httpx.Response(200, json=pull)
        if path == "/pulls":
            here = request.url.params.get("head") == f"{owner}:{self.branch}"
            return httpx.Response(200, json=[pull] if here else [])
        if path == f"/pulls/{NUMBER}/files":
            return self._page(request, [self._file(name) for name in self.files])
        if re.fullmatch(r"/commits/[0-9a-f]{40}/check-runs", path):
            runs = [run for run in self.checks if run["head_sha"] == path.split("/")[2]]
            return httpx.Response(200, json={"total_count": len(runs), "check_runs": runs})
        if found := re.fullmatch(r"/git/commits/([0-9a-f]{40})", path):
            return httpx.Response(200, json={"sha": found[1], "tree": {"sha": "c" * 40}})
        return httpx.Response(404, json={"message": "Not Found"})

    def _page(self, request: httpx.Request, items: list[dict[str, object]]) -> httpx.Response:
        page, size = int(request.url.params.get("page", 1)), int(request.url.params.get("per_page", 30))
        headers = {}
        if page * size < len(items):
            url = request.url.copy_merge_params({"page": str(page + 1)})
            headers["link"] = f'<{url}>; rel="next"'
        return httpx.Response(200, json=items[(page - 1) * size : page * size], headers=headers)

    def _file(self, name: str) -> dict[str, object]:
        item: dict[str, object] = {"filename": name, "status": self.statuses.get(name, "modified")}
        return item if self.files[name] is None else {**item, "patch": self.files[name]}

    def shows(self, path: str, first: int, last: int) -> bool:
        patch = self.files.get(path)
        return patch is not None and any(h.first <= first and last <= h.last for h in hunks(patch))

    def said(self) -> list[tuple[str, int | None, bool]]:
        """(path, line, minimized) of every thread, as a reader sees them."""
        return [(t.path, t.line, t.comments[0].minimized) for t in self.threads]

    def sent(self, method: str, path: str) -> list[dict[str, object]]:
        """The bodies of the requests of that kind."""
        asked = (r for r in self.requests if r.method == method and re.search(path, r.url.path))
        return [json.loads(r.content) if r.content else {} for r in asked]
