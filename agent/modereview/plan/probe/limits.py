"""Bounds: seconds for an attempt, a forked child for each target, so that none takes the others with it."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class OutOfTime(Exception):
    """An attempt took longer than it may."""


@contextmanager
def seconds(limit: float) -> Iterator[None]:
    """Raise OutOfTime in the body after `limit` seconds (as soon as Python code runs again)."""

    def ring(signum: int, frame: object) -> None:
        raise OutOfTime(f"took longer than {limit:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(limit, 0.01))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


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
            pid, pipe = _start(work)
            running[pipe] = (name, pid, time.monotonic() + limit, [])
        for pipe in select.select(list(running), [], [], 0.05)[0]:
            chunk = os.read(pipe, 1 << 16)
            running[pipe][3].append(chunk)
            if not chunk:
                entry = running.pop(pipe)
                answers[entry[0]] = _finish(pipe, entry)
        for pipe in [p for p, entry in running.items() if time.monotonic() > entry[2]]:
            entry = running.pop(pipe)
            os.kill(entry[1], signal.SIGKILL)
            _finish(pipe, entry)
            answers[entry[0]] = {"error": f"took longer than {limit:g} s", "tried": 0}
    return answers


def _start(work: Callable[[], dict[str, Any]]) -> tuple[int, int]:
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        return pid, read
    try:
        os.close(read)
        _silence()
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


def _finish(pipe: int, entry: tuple[str, int, float, list[bytes]]) -> dict[str, Any]:
    os.close(pipe)
    os.waitpid(entry[1], 0)
    try:
        answer: dict[str, Any] = json.loads(b"".join(entry[3]))
    except ValueError:
        return {"error": "its process died", "tried": 0}
    return answer
