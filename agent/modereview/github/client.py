"""HTTP to GitHub: patient with its limits, and never a write repeated that may have been carried out.

httpx rather than a GitHub library, compared on 2026-11-24. githubkit 0.16 (typed, GraphQL, 74 MB with its
schemas) did not import with the hishel 2.0 that pip chose for it. PyGithub 2.10 (typed, GraphQL, 31 MB with
cryptography) repeats a POST after a 5xx, and so would a review be posted twice. httpx (5 MB) leaves that rule
to us, and it is this file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from modereview.errors import ToolError
from modereview.github.answers import Json, Object, accepted, data_of, json_of, object_of, objects
from modereview.github.limits import asked_to_wait

_TRIES = 4
_TIMEOUT = 30.0  # seconds for one request
_PATIENCE = 900.0  # seconds of waiting in all: a job's minutes cost money
_PAUSE = 1.0  # "wait at least one second between each" write
_BROKEN = 500


class Unclear(Exception):
    """A write whose fate is unknown: look what is there before you write again."""


@dataclass
class Client:
    """One connection with one token. It counts how long it has waited."""

    api: str = "https://api.github.com"
    token: str = field(default="", repr=False)
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    _waited: float = 0.0
    _wrote: bool = False

    def __post_init__(self) -> None:
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "modereview",
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        self._http = httpx.Client(headers=headers, timeout=_TIMEOUT, transport=self.transport)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Json:
        """What a GET answers. Raises Refused, and ToolError where GitHub does not answer."""
        return json_of(self._read("GET", self._url(path), params=params))

    def pages(
        self, path: str, params: Mapping[str, str | int] | None = None, key: str = ""
    ) -> Iterator[Object]:
        """The items of all pages; `key` names their list where the page is an object."""
        url = self._url(path)
        given: Mapping[str, str | int] | None = {"per_page": 100, **(params or {})}
        while url:
            response = self._read("GET", url, params=given)
            page = json_of(response)
            yield from objects(page.get(key) if isinstance(page, Mapping) else page)
            url, given = response.links.get("next", {}).get("url", ""), None

    def send(self, method: str, path: str, body: Object) -> Object:
        """Write once. Raises Refused, and Unclear where nobody knows whether it was done."""
        if self._wrote:
            self.sleep(_PAUSE)
        self._wrote = True
        return object_of(json_of(self._write(method, self._url(path), body)))

    def query(self, document: str, variables: Object) -> Object:
        """The data of a GraphQL query. Raises Refused for its errors."""
        body = {"query": document, "variables": dict(variables)}
        return data_of(self._read("POST", self._graphql, json=body))

    def mutate(self, document: str, variables: Object) -> Object:
        """The data of a GraphQL mutation; all of ours can be repeated without harm."""
        return self.query(document, variables)

    @property
    def _graphql(self) -> str:
        """Beside the REST API: `/graphql`, on an Enterprise server `/api/graphql`."""
        return f"{self.api.rstrip('/').removesuffix('/v3')}/graphql"

    def _url(self, path: str) -> str:
        return f"{self.api.rstrip('/')}{path}"

    def _read(self, method: str, url: str, **given: object) -> httpx.Response:
        """Ask until there is an answer; 5xx and broken connections are asked again."""
        for turn in range(_TRIES):
            try:
                response = self._http.request(method, url, follow_redirects=method == "GET", **given)  # type: ignore[arg-type]
            except httpx.TransportError:
                self._wait(2.0**turn)
                continue
            if not self._told_to_wait(response) and response.status_code < _BROKEN:
                return accepted(response)
            if response.status_code >= _BROKEN:
                self._wait(2.0**turn)
        raise ToolError(f"GitHub does not answer {method} {_path(url)}. Run the job again later.")

    def _write(self, method: str, url: str, body: Object) -> httpx.Response:
        """Only where a limit refused it, and so it was not done, is it sent again."""
        for _ in range(_TRIES):
            try:
                response = self._http.request(method, url, json=dict(body) if body else None)
            except httpx.ConnectError as error:
                raise ToolError(f"GitHub cannot be reached: {error}.") from None
            except httpx.TransportError as error:
                raise Unclear(str(error)) from None
            if response.status_code >= _BROKEN:
                raise Unclear(f"{response.status_code}")
            if not self._told_to_wait(response):
                return accepted(response)
        raise ToolError(f"GitHub's limits refuse {method} {_path(url)}. Run the job again later.")

    def _told_to_wait(self, response: httpx.Response) -> bool:
        """Waits as long as a limit asks for. False where the answer is about no limit."""
        seconds = asked_to_wait(response, self.now())
        if seconds is not None:
            self._wait(seconds)
        return seconds is not None

    def _wait(self, seconds: float) -> None:
        self._waited += seconds
        if self._waited > _PATIENCE:
            raise ToolError(
                f"GitHub asks to wait another {seconds:.0f} s. "
                "Run the job again later: it goes on where it stopped."
            )
        self.sleep(seconds)


def _path(url: str) -> str:
    return httpx.URL(url).path
