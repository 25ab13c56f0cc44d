"""The messages between the worker and its server: JSON lines over a socket, never pickles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import socket


class Limits(TypedDict):
    """What a child may use beyond what the server holds: bytes, processes, seconds."""

    memory: int
    file_size: int
    processes: int


class Settings(TypedDict):
    """The first message: how the server is to be set up."""

    root: str  # the project, as the user knows it
    source: str  # where the project can be read
    scratch: str
    user: int | None  # the unprivileged user to become
    path: list[str]  # sys.path of the user's interpreter
    packages: list[str]
    borrowed: list[str]  # the tool's own pytest, for interpreters that have none
    limits: Limits


class Order(TypedDict, total=False):
    """A request for one forked child; file contents are bytes written as latin-1."""

    id: int
    seconds: float  # wall time for each case, or for the whole function
    files: dict[str, str]
    test: str
    names: list[str] | None
    how: str  # "direct", "pytest" or "ask"
    seed: int | None  # of the order, the generators and the number of threads
    until_failure: bool
    code: str
    request: dict[str, object]


class Event(TypedDict, total=False):
    """What the server says. Kinds: up, ready, missing; cases, start, outcome, result, failed; end."""

    event: str
    id: int
    names: list[str]
    case: str
    status: str
    message: str
    seconds: float
    value: dict[str, object]


class Lines:
    """Bytes that arrive in pieces, given out as whole lines."""

    def __init__(self, most: int) -> None:
        self._rest = bytearray()
        self._most = most

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes. Raises ValueError for a line longer than the limit."""
        self._rest += data
        if len(self._rest) > self._most and b"\n" not in self._rest:
            raise ValueError("a message is too long")
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        return lines


def send(link: socket.socket, message: Settings | Order | Event) -> None:
    """Write one message. Raises OSError when the other side is gone."""
    link.sendall(json.dumps(message).encode() + b"\n")


def parse(line: bytes) -> Any:
    """The JSON value of a line, None where it is none."""
    try:
        return json.loads(line)
    except ValueError:
        return None
