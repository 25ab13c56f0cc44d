"""The host's end of the line to a server process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING, Any

from modereview.run.inside import messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modereview.run.inside.messages import Event, Order, Settings

_LONGEST = 64 * 2**20  # bytes of one event
_SEND_SECONDS = 30.0


class Lost(Exception):
    """The server is gone or silent; the text says what it last printed."""


class Link:
    """A running server. Not thread-safe."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], settings: Settings) -> None:
        """Start the server and return at once; it warms up meanwhile."""
        self._socket, theirs = socket.socketpair()
        self._lines = messages.Lines(_LONGEST)
        self._events: list[Event] = []
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the link
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._printed,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is the host's to see; it ends the server itself
            )
        with contextlib.suppress(Lost):  # gone already: the first `receive` says why
            self.send(settings)

    def send(self, message: Order | Settings) -> None:
        """Raises Lost."""
        self._socket.settimeout(_SEND_SECONDS)
        try:
            messages.send(self._socket, message)
        except OSError as error:
            raise Lost(self._reason()) from error

    def receive(self, seconds: float) -> Event:
        """The next event. Raises Lost when the server ended or said nothing for `seconds`."""
        until = time.monotonic() + seconds
        while not self._events:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            values = [messages.parse(line) for line in self._lines.feed(self._read(seconds))]
            self._events += [value for value in values if _is_event(value)]
        return self._events.pop(0)

    def close(self, patience: float) -> None:
        """End the server and all its children; it has `patience` seconds to do that itself."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._printed.close()

    def _read(self, seconds: float) -> bytes:
        try:
            data = self._socket.recv(2**20)
        except TimeoutError as error:
            raise Lost(f"the worker said nothing for {seconds:g} s") from error
        except OSError:  # it ended before it read what we sent
            data = b""
        if not data:
            raise Lost(self._reason())
        return data

    def _reason(self) -> str:
        """The last line that the server printed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._printed.seek(0)
        lines = self._printed.read(2**20).decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "the worker ended"


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("event"), str)
