"""The warm worker: runs tests and functions on versions of a project, for the length of a review."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from modereview.run.cases import Cases
from modereview.run.dispatch import dispatch
from modereview.run.host import LIMITS, Host
from modereview.run.question import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from modereview.records import Outcome
    from modereview.run.inside.messages import Limits
    from modereview.run.tasks import Job, Task


class Worker:
    """A process in a sandbox that has imported torch, and forks a child for each job.

    A context manager: leaving it ends every process and removes every file it made. `timeout` is in
    seconds, for loading a test file and for each case. `packages` are imported beforehand as well.
    `sandboxed`: what would run without bubblewrap raises NoSandbox in its place.
    Calls from several threads take turns.
    """

    def __init__(
        self,
        root: Path,
        python: Path | None = None,
        timeout: float = 20.0,
        packages: tuple[str, ...] = (),
        limits: Limits = LIMITS,
        sandboxed: bool = False,
    ) -> None:
        self._host = Host(root.resolve(), python or Path(sys.executable), packages, limits, sandboxed)
        self._timeout = timeout
        self._lock = threading.RLock()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences: what is not protected. Known once something has run."""
        return self._host.sandbox.warnings if self._host.sandbox else ()

    def start(self) -> None:
        """Begin to warm up, without waiting. Raises ToolError where the interpreter will not do."""
        with self._lock:
            self._host.start()

    def run(self, jobs: Sequence[Job]) -> list[tuple[Outcome, ...]]:
        """The outcomes of each job, in the order given, in parallel on all cores. Raises ToolError."""
        tasks = [Cases(job, self._content(job), self._timeout) for job in jobs]
        self._dispatch(tasks)
        return [task.outcomes() for task in tasks]

    def ask(
        self,
        files: Mapping[str, bytes],
        code: str,
        request: dict[str, object],
        timeout: float | None = None,
    ) -> dict[str, object]:
        """What `main(request)` of `code` returns, run on the project with `files` laid over it.

        Request and answer are JSON. Raises Failed, ToolError.
        """
        _check(files)
        question = Question(files, code, request, self._timeout if timeout is None else timeout)
        self._dispatch([question])
        return question.answer()

    def close(self) -> None:
        """End all processes, remove all files. Used again, the worker starts again."""
        with self._lock:
            self._host.close()

    def _content(self, job: Job) -> bytes:
        """The test file. It is always laid over, so that its own path lies in the mirror."""
        _check([*job.files, job.test])
        path = self._host.root / job.test
        return job.files[job.test] if job.test in job.files else path.read_bytes()

    def _dispatch(self, tasks: Sequence[Task]) -> None:
        with self._lock:
            try:
                dispatch(tasks, len(os.sched_getaffinity(0)), self._host.connect, self._host.disconnect)
            except BaseException:  # Ctrl-C too: what is under way must not go on
                self._host.disconnect()
                raise


def _check(names: Mapping[str, bytes] | Sequence[str]) -> None:
    """Raises ValueError for a path that leads out of the project."""
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{name} does not lie in the project")
