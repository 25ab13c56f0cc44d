"""The server: set up once, it forks a child for each order and relays what the child says."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

from .limits import adopt_orphans, become, close_memory
from .messages import Event, Lines, Order, Settings, parse, send
from .orphans import sweep
from .warm import warm

if TYPE_CHECKING:
    from .child import Child

_LONGEST_ORDER = 256 * 2**20  # bytes


def main(descriptor: int) -> None:
    """Serve on the socket `descriptor` until the other side closes it."""
    link = socket.socket(fileno=descriptor)
    link.set_inheritable(False)
    lines = Lines(_LONGEST_ORDER)
    settings: Settings = parse(_first(link, lines))
    become(settings["user"])
    close_memory()
    adopt_orphans()
    send(link, {"event": "up"})
    try:
        warm(settings)
    except ImportError as error:
        send(link, {"event": "missing", "message": str(error)})
        return
    send(link, {"event": "ready"})
    Server(link, lines, settings).serve()


def _first(link: socket.socket, lines: Lines) -> bytes:
    """The settings. The worker waits for an answer before it sends more."""
    while data := link.recv(65536):
        for line in lines.feed(data):
            return line
    sys.exit(0)


class Server:
    """Holds the children under way. One thread, one loop."""

    def __init__(self, link: socket.socket, lines: Lines, settings: Settings) -> None:
        self._link, self._lines, self._settings = link, lines, settings
        self._children: list[Child] = []
        self._selector = selectors.EpollSelector()
        self._selector.register(link, selectors.EVENT_READ)

    def serve(self) -> None:
        """Take orders until the other side goes; leave nothing running and nothing on disk."""
        try:
            while self._turn():
                pass
        except (BrokenPipeError, ConnectionResetError):
            return
        finally:
            for child in self._children:
                child.kill()
            sweep(())
            shutil.rmtree(self._settings["scratch"], ignore_errors=True)

    def _turn(self) -> bool:
        """Wait for what happens next and see to it; False when the other side has gone."""
        now = time.monotonic()
        soonest = min((child.deadline - now for child in self._children), default=None)
        for key, _ in self._selector.select(None if soonest is None else max(0.0, soonest)):
            if key.fileobj is self._link:
                if not self._take_orders():
                    return False
            elif key.data in self._children:  # it may have ended a moment ago
                self._look_after(key.data, key.fd)
        for child in [each for each in self._children if each.deadline <= time.monotonic()]:
            self._finish(child, "timeout", f"no result within {child.order['seconds']:g} s")
        return True

    def _take_orders(self) -> bool:
        data = self._link.recv(2**20)
        for line in self._lines.feed(data):
            self._start(parse(line))
        return bool(data)

    def _start(self, order: Order) -> None:
        from .child import Child  # imports pytest, which `warm` has made importable

        private = [key.fd for key in self._selector.get_map().values()] + [self._selector.fileno()]
        child = Child(order, self._settings, private)
        self._children.append(child)
        for descriptor in child.descriptors:
            self._selector.register(descriptor, selectors.EVENT_READ, child)

    def _look_after(self, child: Child, descriptor: int) -> None:
        """See to one descriptor of a child that has become readable."""
        if descriptor == child.ended:
            self._finish(child, "crashed", "")
        elif not (child.drain() if descriptor == child.output else self._relay(child)):
            self._selector.unregister(descriptor)

    def _relay(self, child: Child) -> bool:
        """Pass on what the child said; False when it will say no more."""
        events, more = child.hear()
        for event in events:
            self._tell(child, event)
        return more

    def _finish(self, child: Child, status: str, message: str) -> None:
        """End a child and all it started, and tell how it ended."""
        child.kill()
        _, code = os.waitpid(child.pid, 0)
        self._children.remove(child)
        if not sweep([each.pid for each in self._children]):
            sys.exit("processes multiply faster than they can be ended")  # the worker starts a new server
        child.drain()
        self._relay(child)
        if child.done:
            status, message = "done", "came to its end"
        message = message or _last_words(code, child.tail)
        self._tell(child, {"event": "end", "status": status, "message": message})
        self._forget(child)

    def _tell(self, child: Child, event: Event) -> None:
        """Send an event on, its paths as the user knows them."""
        if isinstance(event.get("message"), str):
            event["message"] = event["message"].replace(f"{child.project}{os.sep}", "")
        event["id"] = child.order["id"]
        send(self._link, event)

    def _forget(self, child: Child) -> None:
        registered: Any = self._selector.get_map()
        for descriptor in child.descriptors:
            if descriptor in registered:
                self._selector.unregister(descriptor)
        child.close()


def _last_words(code: int, tail: bytes) -> str:
    """How a process ended that did not mean to, with the last line that it printed."""
    number = os.WTERMSIG(code) if os.WIFSIGNALED(code) else 0
    how = f"killed by {signal.Signals(number).name}" if number else f"ended early, exit code {code >> 8}"
    printed = tail.decode("utf-8", "replace").strip().splitlines()
    return f"{how}; it last printed: {printed[-1][:200]}" if printed else how
