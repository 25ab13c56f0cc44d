"""One function on many inputs, on all cores: an input that crashes or hangs its process ends only itself.

The standard library's pools give up as a whole when one process dies, and cannot stop a single task.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Failure:
    """Why there is no result: a sentence; `hung` where the time was over."""

    message: str
    hung: bool = False


@dataclass
class _Worker(Generic[Task]):
    """A process, the task it is at, and when its time is over."""

    process: BaseProcess
    pipe: Connection
    task: Task
    deadline: float

    def stop(self) -> None:
        """End it, whatever it is at."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def each(
    work: Callable[[Task], Result], tasks: Iterable[Task], limit: float, processes: int | None = None
) -> Iterator[tuple[Task, Result | Failure]]:
    """Every task with what `work` made of it, in the order in which they end; `limit` is seconds a task.

    Tasks are drawn one by one as processes become free. `work` must be defined at the top of a module.
    """
    waiting = iter(tasks)
    workers: list[_Worker[Task]] = []
    try:
        for _ in range(processes or cores()):
            _hire(work, waiting, limit, workers)
        while workers:
            for worker in _ready(workers):
                workers.remove(worker)
                yield worker.task, _outcome(worker, limit)
                _next(work, worker, waiting, limit, workers)
    finally:
        for worker in workers:
            worker.stop()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _hire(
    work: Callable[[Task], Result], waiting: Iterator[Task], limit: float, workers: list[_Worker[Task]]
) -> None:
    """A new process for the next task, if there is one."""
    for task in waiting:
        # A fork shares all that is imported; elsewhere each process imports it once.
        context = get_context("fork" if "fork" in get_all_start_methods() else None)
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(work, theirs), daemon=True)
        process.start()
        theirs.close()
        workers.append(_Worker(process, ours, task, time.monotonic() + limit))
        with suppress(OSError):  # already dead: `_outcome` says so
            ours.send(task)
        return


def _next(
    work: Callable[[Task], Result],
    worker: _Worker[Task],
    waiting: Iterator[Task],
    limit: float,
    workers: list[_Worker[Task]],
) -> None:
    """The next task for a process that answered; a new process in the place of one that did not."""
    if worker.pipe.closed:
        _hire(work, waiting, limit, workers)
        return
    for task in waiting:
        worker.task, worker.deadline = task, time.monotonic() + limit
        workers.append(worker)
        with suppress(OSError):
            worker.pipe.send(task)
        return
    worker.stop()


def _ready(workers: list[_Worker[Task]]) -> list[_Worker[Task]]:
    """Those that answered, died, or ran out of time."""
    soonest = min(worker.deadline for worker in workers)
    spoke = wait([worker.pipe for worker in workers], max(soonest - time.monotonic(), 0))
    return [w for w in workers if w.pipe in spoke or w.deadline <= time.monotonic()]


def _outcome(worker: _Worker[Task], limit: float) -> Result | Failure:
    """What a worker answered; one that did not is stopped."""
    try:
        if worker.pipe.poll():
            answer: Result | Failure = worker.pipe.recv()
            return answer
        failure = Failure(f"it took more than {limit:g} seconds", hung=True)
    except (EOFError, OSError):
        worker.process.join(1)
        failure = Failure(f"its process ended with code {worker.process.exitcode}")
    worker.stop()
    return failure


def _serve(work: Callable[[Task], Result], pipe: Connection) -> None:
    """The child: one task after another until nobody asks."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            task = pipe.recv()
            try:
                answer: Result | Failure = work(task)
            except Exception as error:
                answer = Failure(f"{type(error).__name__}: {error}")
            pipe.send(answer)
