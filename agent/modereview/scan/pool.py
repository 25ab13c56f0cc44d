"""Work on all cores, item by item: a crash or a hang ends one item, and memory stays flat.

A pool of the standard library breaks as a whole where one of its processes dies, and cannot stop an item.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Fork where it is safe: no thread has been started, and the parent has imported what the children need.
_CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
# The limit is processor time, so that a busy machine gives up no file. What only waits is stopped by the
# clock, after this many times the limit.
_CLOCK = 4 if hasattr(signal, "setitimer") else 1


@dataclass(frozen=True)
class Lost:
    """An item without a result, and why, as the end of a sentence."""

    why: str
    is_slow: bool  # whether it was stopped, rather than died


class _Process(Generic[Item, Result]):
    """A process that works on one item at a time."""

    def __init__(self, work: Callable[[Item], Result], seconds: float) -> None:
        self.end, inner = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(work, inner, seconds), daemon=True)
        self.process.start()
        inner.close()
        self.seconds = seconds
        self.index = -1
        self.until = 0.0

    def start(self, index: int, item: Item) -> None:
        """Send an item; `until` is when it has to be done."""
        self.index, self.until = index, time.monotonic() + self.seconds * _CLOCK
        with suppress(OSError):  # a process that died meanwhile is met in `result`
            self.end.send(item)

    def result(self) -> Result | Lost:
        """What came of the item, once its end of the pipe is ready."""
        try:
            answer: Result = self.end.recv()
            return answer
        except (EOFError, OSError):
            self.process.join()
            if hasattr(signal, "SIGPROF") and self.process.exitcode == -signal.SIGPROF:
                return self.lost()
            return Lost(f"its process died ({_reason(self.process.exitcode)})", is_slow=False)

    def lost(self) -> Lost:
        """What is said of an item that took too long."""
        return Lost(f"it took more than {self.seconds:.0f} s", is_slow=True)

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.join()
        self.end.close()


def each(
    work: Callable[[Item], Result], items: Sequence[Item], seconds: float, processes: int
) -> Iterator[tuple[int, Result | Lost]]:
    """The index of each item with its result, as they come; each may take `seconds` of the processor."""
    waiting = iter(range(len(items)))
    busy: dict[Connection, _Process[Item, Result]] = {}

    def give(process: _Process[Item, Result]) -> None:
        index = next(waiting, None)
        if index is None:
            process.stop()
        else:
            process.start(index, items[index])
            busy[process.end] = process

    try:
        for _ in range(min(processes, len(items))):
            give(_Process(work, seconds))
        while busy:
            ready = wait(list(busy), timeout=_patience(busy.values()))
            for process in [p for p in busy.values() if p.end in ready]:
                del busy[process.end]
                index, answer = process.index, process.result()
                give(process if process.process.is_alive() else _Process(work, seconds))
                yield index, answer
            for process in [p for p in busy.values() if p.until < time.monotonic()]:
                del busy[process.end]
                process.stop()
                give(_Process(work, seconds))
                yield process.index, process.lost()
    finally:
        for process in busy.values():
            process.stop()


def cores() -> int:
    """How many processes may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _patience(busy: Iterable[_Process[Item, Result]]) -> float:
    return max(min(process.until for process in busy) - time.monotonic(), 0.0)


def _serve(work: Callable[[Item], Result], end: Connection, seconds: float) -> None:
    """The loop of a process: one item after the other until the other end is closed."""
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, too, and stops us
    # Syntax trees are many small objects that all live: looking through them took more than half of the time.
    gc.disable()
    with suppress(EOFError, BrokenPipeError):
        while True:
            item = end.recv()
            _limit(seconds)
            end.send(work(item))
            _limit(0.0)
            gc.collect(1)  # cycles that the item left; what the next ones keep is not looked at again


def _limit(seconds: float) -> None:
    """End this process by a signal after so much processor time; 0: not any more."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _reason(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
