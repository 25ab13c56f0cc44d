"""What many tests share: a cache folder of their own, and a local endpoint with scripted replies."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass(frozen=True)
class Reply:
    """What the endpoint answers to one request."""

    body: str
    status: int = 200
    content_type: str = "application/json"
    delay: float = 0.0  # seconds before it answers


@dataclass
class Endpoint:
    """Replies to give, in order, the last one for ever; requests and keys that came."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    requests: list[dict[str, object]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def completion(text: object, tokens: int | None = 42) -> Reply:
    """A Chat Completions answer as OpenAI and its like give it; without `usage` where tokens is None."""
    message = {"role": "assistant", "content": text}
    body: dict[str, object] = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
    }
    if tokens is not None:
        body["usage"] = {"prompt_tokens": 1, "completion_tokens": tokens - 1, "total_tokens": tokens}
    return Reply(json.dumps(body))


def refusal(status: int, message: str = "no") -> Reply:
    """An error as the protocol foresees it."""
    return Reply(json.dumps({"error": {"message": message, "type": "t", "code": "c", "param": None}}), status)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Static runs keep what they find there, and never in the home of whoever runs the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def answers() -> type:
    """The makers of replies, for tests that cannot import this file."""
    return type("answers", (), {"Reply": Reply, "completion": completion, "refusal": refusal})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A running endpoint; tests fill `replies`."""
    state = Endpoint()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


def _handler(state: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append(json.loads(body))
            state.keys.append(self.headers["Authorization"])
            reply = state.replies.pop(0) if len(state.replies) > 1 else state.replies[0]
            time.sleep(reply.delay)
            data = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Retry-After-Ms", "1")  # else the client waits half a second and more
            self.end_headers()
            with suppress(ConnectionError):  # the client gave up, as some tests want it to
                self.wfile.write(data)

    return Handler
