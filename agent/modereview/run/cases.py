"""A job as the host sees it: what was asked, what has been heard, what is still to run."""

from __future__ import annotations

import ast
import time
from typing import TYPE_CHECKING

from modereview.records import Outcome, Status
from modereview.run.tasks import ENDS, Job

if TYPE_CHECKING:
    from modereview.run.inside.messages import Event, Order

_HEARD = {status.value: status for status in (Status.PASSED, Status.FAILED, Status.BROKEN)}


class Cases:
    """A job under way, and again after a case that ended the child, until every case has an outcome."""

    def __init__(self, job: Job, content: bytes, seconds: float) -> None:
        self.seconds = seconds
        self._job, self._content = job, content
        self._left: tuple[str, ...] | None = job.names
        self._cases: list[str] | None = None  # as collected by the first child that got so far
        self._outcomes: dict[str, Outcome] = {}
        self._running: str | None = None
        self._began = 0.0
        self._error = ""  # why the file could not be loaded

    def order(self, number: int) -> Order:
        """The order for the cases that are left."""
        files = {**self._job.files, self._job.test: self._content}
        return {
            "id": number,
            "seconds": self.seconds,
            "files": {name: content.decode("latin-1") for name, content in files.items()},
            "test": self._job.test,
            "names": None if self._left is None else list(self._left),
            "how": self._job.how,
            "seed": self._job.seed,
            "until_failure": self._job.until_failure,
        }

    def hear(self, event: Event) -> None:
        """Take note. What is said of a case that is not running is not believed."""
        kind = event["event"]
        if kind == "cases" and self._cases is None and not self._error:
            self._cases = [str(name) for name in event["names"]]
        elif kind == "start":
            self._running, self._began = str(event["case"]), time.monotonic()
        elif kind == "failed":
            self._error = self._error or str(event["message"])
        elif kind == "outcome" and event["case"] == self._running and event["status"] in _HEARD:
            self._note(self._running, _HEARD[event["status"]], str(event["message"]), event["seconds"])
            self._running = None

    def end(self, status: str, message: str) -> bool:
        """Give the running case its outcome; True while others are left that another child can run."""
        if status != "done" and self._running is not None:
            self._note(self._running, ENDS[status], message, time.monotonic() - self._began)
            self._running = None
            self._left = tuple(self._open())
            return bool(self._left)
        if not self._stopped():
            for case in self._open():
                self._note(case, ENDS.get(status, Status.BROKEN), self._error or message or "gave no result")
        return False

    def lose(self, message: str) -> None:
        """All cases that are left share the blame."""
        for case in self._open():
            self._note(case, Status.CRASHED, message)

    def outcomes(self) -> tuple[Outcome, ...]:
        """One for each case, in the file's order; then those asked for that the file does not have."""
        found = [self._outcomes[case] for case in self._known() if case in self._outcomes]
        have = {name for case in self._known() for name in (case, case.partition("[")[0])}
        missing = [name for name in self._job.names or () if name not in have]
        return (
            *found,
            *(Outcome(name, Status.BROKEN, f"no such case in {self._job.test}") for name in missing),
        )

    def _stopped(self) -> bool:
        """Whether the rest was to be left out."""
        failed = any(outcome.status is Status.FAILED for outcome in self._outcomes.values())
        return self._job.until_failure and failed

    def _note(self, case: str, status: Status, message: str, seconds: float = 0.0) -> None:
        self._outcomes.setdefault(case, Outcome(case, status, message, float(seconds)))

    def _open(self) -> list[str]:
        return [case for case in self._known() if case not in self._outcomes]

    def _known(self) -> list[str]:
        """The cases as collected, or as far as they can be told of a file that did not load."""
        if self._cases is not None:
            return self._cases
        return list(self._job.names or _test_functions(self._content) or (self._job.test,))


def _test_functions(content: bytes) -> list[str]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return []
    return [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test")]
