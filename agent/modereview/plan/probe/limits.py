"""Bounds: seconds for an attempt, a forked child for each target, so that none takes the others with it.

Seconds are of processor time, so that a busy machine gives the same answer; code that only waits is ended
after `PATIENCE` times as many on the clock.
"""

from __future__ import annotations

import json
import math
import os
import resource
import select
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PATIENCE = 4.0  # seconds on the clock for each second of processor time


class OutOfTime(Exception):
    """An attempt took longer than it may."""


@dataclass(frozen=True)
class Deadline:
    """A point in this process's own time, that of its ended children included. A fork starts at 0 again."""

    processor: float
    clock: float

    @classmethod
    def after(cls, limit: float) -> Deadline:
        """In `limit` seconds from now."""
        return cls(_spent() + limit, time.monotonic() + PATIENCE * limit)

    @property
    def left(self) -> float:
        """Seconds until then; negative where it has passed."""
        return min(self.processor - _spent(), self.clock - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return self.left < 0


def _spent() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@contextmanager
def seconds(limit: float) -> Iterator[None]:
    """Raise OutOfTime in the body after `limit` seconds (as soon as Python code runs again)."""

    def ring(signum: int, frame: object) -> None:
        raise OutOfTime(f"took longer than {limit:g} s")

    bells = (
        (signal.SIGPROF, signal.ITIMER_PROF, limit),
        (signal.SIGALRM, signal.ITIMER_REAL, PATIENCE * limit),
    )
    before = [signal.signal(number, ring) for number, _, _ in bells]
    for _, timer, length in bells:
        signal.setitimer(timer, max(length, 0.01))
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(bells, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def one_line(error: BaseException) -> str:
    """An error in one line, such as `ValueError: no such size`."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


Task = tuple[str, Callable[[], dict[str, Any]]]


def in_children(tasks: Sequence[Task], limit: float) -> dict[str, dict[str, Any]]:
    """Run each task in a forked child, as many at once as there are cores; {"error": ...} where one fails."""
    waiting, answers = list(tasks), dict[str, dict[str, Any]]()
    running: dict[int, tuple[str, int, float, list[bytes]]] = {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            name, work = waiting.pop(0)
            pid, pipe = _start(work, limit)
            running[pipe] = (name, pid, time.monotonic() + PATIENCE * limit, [])
        for pipe in select.select(list(running), [], [], 0.05)[0]:
            chunk = os.read(pipe, 1 << 16)
            running[pipe][3].append(chunk)
            if not chunk:
                entry = running.pop(pipe)
                answers[entry[0]] = _finish(pipe, entry, limit)
        for pipe in [p for p, entry in running.items() if time.monotonic() > entry[2]]:
            entry = running.pop(pipe)
            os.kill(entry[1], signal.SIGKILL)
            _finish(pipe, entry, limit)
            answers[entry[0]] = _late(limit)
    return answers


def _start(work: Callable[[], dict[str, Any]], limit: float) -> tuple[int, int]:
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    try:
        os.close(read)
        _silence()
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (_whole(limit, hard), hard))
        try:
            answer = work()
        except BaseException as error:  # whatever user code raises, SystemExit too, is an answer
            answer = {"error": one_line(error), "tried": 0}
        with os.fdopen(write, "w") as channel:
            json.dump(answer, channel)
    finally:
        os._exit(0)


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def _whole(limit: float, hard: int) -> int:
    """Whole seconds after which the kernel ends a process (SIGXCPU)."""
    seconds = math.ceil(limit) + 1
    return seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)


def _finish(pipe: int, entry: tuple[str, int, float, list[bytes]], limit: float) -> dict[str, Any]:
    os.close(pipe)
    _, status = os.waitpid(entry[1], 0)
    try:
        answer: dict[str, Any] = json.loads(b"".join(entry[3]))
    except ValueError:
        late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        return _late(limit) if late else {"error": "its process died", "tried": 0}
    return answer


def _late(limit: float) -> dict[str, Any]:
    return {"error": f"took longer than {limit:g} s", "tried": 0}
