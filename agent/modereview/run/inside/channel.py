"""The way out of a child: signed lines on a pipe that the user's code is given no number of."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from typing import Any

from .messages import Event, Lines, parse

LONGEST = 32 * 2**20  # bytes of one message: an answer that is larger is a fault


class Channel:
    """The child's end. Only the process that opened it has a say."""

    def __init__(self, descriptor: int, token: str) -> None:
        self._token = token
        self._owner = os.getpid()
        self._descriptor = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64 + secrets.randbelow(128))
        os.close(descriptor)

    def send(self, event: str, **fields: Any) -> None:
        """Write one event. A fork that the user's code made comes by here too, and ends."""
        if os.getpid() != self._owner:
            os._exit(0)
        data = json.dumps([self._token, {"event": event, **fields}]).encode() + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]


class Inbox:
    """The server's end: what it cannot read or is not signed is not heard."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._lines = Lines(LONGEST)

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises ValueError for a flood without a line's end."""
        messages = [parse(line) for line in self._lines.feed(data)]
        return [message[1] for message in messages if self._signed(message)]

    def _signed(self, message: Any) -> bool:
        return (
            isinstance(message, list)
            and len(message) == 2
            and message[0] == self._token
            and isinstance(message[1], dict)
        )
