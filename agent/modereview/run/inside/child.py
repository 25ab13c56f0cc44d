"""The server's view of a forked child: its pipes, its deadline, and how it is ended."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import job
from .channel import Channel, Inbox

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .messages import Event, Order, Settings

_TAIL = 4096  # bytes of output kept for the message of a crash; the rest is read and dropped


class Child:
    """One order under way in a process of its own session."""

    def __init__(self, order: Order, settings: Settings, private: Iterable[int]) -> None:
        """Fork. `private` are descriptors of the server that the child must not hold."""
        self.order = order
        self.folder = Path(settings["scratch"]) / f"job-{secrets.token_hex(4)}"
        self.tail = b""
        self.done = False  # whether it said that it had come to its end
        token = secrets.token_hex(16)
        self._inbox = Inbox(token)
        self.results, results = os.pipe()
        self.output, output = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            for descriptor in (*private, self.results, self.output):
                os.close(descriptor)
            self._live(settings, Channel(results, token), output)
        os.close(results)
        os.close(output)
        os.set_blocking(self.results, False)
        os.set_blocking(self.output, False)
        self.ended = os.pidfd_open(self.pid)
        self.postpone()

    @property
    def project(self) -> Path:
        """The mirror that the child lives in."""
        return self.folder / job.PROJECT

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """What the server waits on."""
        return self.results, self.output, self.ended

    def postpone(self) -> None:
        """Start the clock anew: each case has the whole time."""
        self.deadline = time.monotonic() + self.order["seconds"]

    def hear(self) -> tuple[list[Event], bool]:
        """The events that have arrived, and whether more may come."""
        data, more = _read(self.results)
        try:
            events = self._inbox.feed(data)
        except ValueError:  # a flood without an end of line: no answer of ours
            self.kill()
            return [], False
        if any(event["event"] == "start" for event in events):
            self.postpone()
        self.done = self.done or any(event["event"] == "done" for event in events)
        return [event for event in events if event["event"] != "done"], more

    def drain(self) -> bool:
        """Read what was printed and keep its end; False when no more can come."""
        data, more = _read(self.output)
        self.tail = (self.tail + data)[-_TAIL:]
        return more

    def kill(self) -> None:
        """End the child and its group; what left the group is the server's to find."""
        for end in (os.kill, os.killpg):
            try:
                end(self.pid, signal.SIGKILL)
            except OSError:
                continue  # gone already, or not the leader of a group yet

    def close(self) -> None:
        """Give back descriptors and disk."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _live(self, settings: Settings, channel: Channel, output: int) -> None:
        os.setsid()
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        os.close(output)
        job.run(self.order, settings, self.folder, channel)


def _read(descriptor: int) -> tuple[bytes, bool]:
    """What a pipe holds now, and whether it is still open.

    At most a megabyte at a time, so that a child that floods cannot hold up the others.
    """
    pieces = []
    for _ in range(16):
        try:
            pieces.append(os.read(descriptor, 65536))
        except BlockingIOError:
            break
        if not pieces[-1]:
            return b"".join(pieces), False
    return b"".join(pieces), True
