"""What many tests share: a cache folder of their own, and a local endpoint with scripted replies."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Send = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Reply:
    """What the endpoint answers to one request."""

    body: str
    status: int = 200
    content_type: str = "application/json"
    delay: float = 0.0  # seconds before it answers
    headers: tuple[tuple[str, str], ...] = (("Retry-After-Ms", "1"),)  # else the client waits half a second
    send: Send | None = None  # what it does in place of answering


@dataclass
class Endpoint:
    """Replies to give, in order, the last one for ever; requests and keys that came."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    requests: list[dict[str, object]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    answer: Callable[[dict[str, object]], Reply] | None = None  # by the request, in place of `replies`


def completion(text: object, tokens: int | None = 42, ended: str = "stop", **message: object) -> Reply:
    """A Chat Completions answer as OpenAI and its like give it; without `usage` where tokens is None."""
    body: dict[str, object] = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": ended,
                "message": {"role": "assistant", "content": text, **message},
            }
        ],
    }
    if tokens is not None:
        body["usage"] = {"prompt_tokens": 1, "completion_tokens": tokens - 1, "total_tokens": tokens}
    return Reply(json.dumps(body))


def refusal(status: int, message: str = "no", **headers: str) -> Reply:
    """An error as the protocol foresees it."""
    body = json.dumps({"error": {"message": message, "type": "t", "code": "c", "param": None}})
    return Reply(body, status, headers=tuple(headers.items()) or Reply.headers)


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
    with serve() as state:
        yield state


@pytest.fixture
def serving() -> Callable[..., object]:
    """A context manager that runs an endpoint, for tests with a wish about how (TLS)."""
    return serve


@contextmanager
def serve(tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    """Run an endpoint on a free port."""
    state = Endpoint()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _handler(state: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(request)
            state.keys.append(self.headers["Authorization"])
            reply = state.answer(request) if state.answer else _next(state.replies)
            time.sleep(reply.delay)
            # The client may have given up, as some tests want it to.
            with suppress(ConnectionError, ssl.SSLError):
                (reply.send or _plain(reply))(self)

    return Handler


def _next(replies: list[Reply]) -> Reply:
    return replies.pop(0) if len(replies) > 1 else replies[0]


def _plain(reply: Reply) -> Send:
    def send(handler: BaseHTTPRequestHandler) -> None:
        data = reply.body.encode()
        handler.send_response(reply.status)
        handler.send_header("Content-Type", reply.content_type)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in reply.headers:
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return send
