"""GitHub's own description of its API, which `.ci/run` installs: every request of every test is held to it.

MODEREVIEW_GITHUB_SPECS names the folder `node_modules` with @octokit/openapi (REST), @octokit/graphql-schema
and @stoplight/prism-cli, a mock server that refuses what the description does not allow.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

FOLDER = os.environ.get("MODEREVIEW_GITHUB_SPECS", "")
MISSING = "" if FOLDER else "MODEREVIEW_GITHUB_SPECS names no folder with GitHub's API descriptions"
_REST = "@octokit/openapi/generated/api.github.com.json"
_GRAPHQL = "@octokit/graphql-schema/schema.graphql"
_STARTS = 600  # seconds: it reads 10 MB of JSON first, on a busy machine too


def graphql_schema() -> str:
    return (Path(FOLDER) / _GRAPHQL).read_text()


class Rest:
    """Prism with GitHub's description, and the shapes of requests that it has judged."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, headers={"Authorization": "Bearer x"}, timeout=30)
        self._judged: set[str] = set()

    def violations(self, requests: Iterable[httpx.Request]) -> list[str]:
        """What is wrong with these requests, as Prism says it."""
        found = []
        for request in requests:
            shape = f"{request.method} {request.url.path} {_shape(json.loads(request.content or b'null'))}"
            if shape in self._judged or request.url.path == "/graphql":
                continue
            self._judged.add(shape)
            answer = self._http.request(
                request.method,
                request.url.raw_path.decode(),
                content=request.content,
                headers={"Content-Type": "application/json"} if request.content else {},
            )
            told = answer.headers.get("sl-violations", answer.text)
            if answer.status_code >= 400 and not _of_the_answer(told):
                found.append(f"{request.method} {request.url.path}: {answer.status_code} {told[:500]}")
        return found


@contextmanager
def rest() -> Iterator[Rest]:
    """A running Prism."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        f"{FOLDER}/.bin/prism",
        "mock",
        "--errors",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        f"{FOLDER}/{_REST}",
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(server, f"http://127.0.0.1:{port}")
        yield Rest(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(20)


def _await(server: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + _STARTS
    while time.monotonic() < end and server.poll() is None:
        try:
            httpx.get(address, timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.5)
    raise RuntimeError("Prism did not start")


def _of_the_answer(told: str) -> bool:
    """Whether Prism complains of GitHub's own example of an answer, and not of what was asked."""
    return '"location":["response"' in told and '"location":["request"' not in told


def _shape(value: object) -> object:
    """What a body is made of, whatever its words."""
    if isinstance(value, dict):
        return {key: _shape(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return sorted({str(_shape(item)) for item in value})
    return type(value).__name__
