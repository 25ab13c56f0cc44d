"""A function to run in the sandbox, as the host sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modereview.records import Status
from modereview.run.tasks import ENDS, Failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modereview.run.inside.messages import Event, Order


class Question:
    """A function to run in the sandbox, and its answer."""

    def __init__(
        self, files: Mapping[str, bytes], code: str, request: dict[str, object], seconds: float
    ) -> None:
        self.seconds = seconds
        self._files, self._code, self._request = files, code, request
        self._answer: dict[str, object] | None = None
        self._failure = Failed(Status.BROKEN, "gave no answer")

    def order(self, number: int) -> Order:
        """The order."""
        return {
            "id": number,
            "seconds": self.seconds,
            "files": {name: content.decode("latin-1") for name, content in self._files.items()},
            "how": "ask",
            "code": self._code,
            "request": self._request,
        }

    def hear(self, event: Event) -> None:
        """Take note of the answer or of the error."""
        if event["event"] == "result" and isinstance(event["value"], dict):
            self._answer = event["value"]
        elif event["event"] == "failed":
            self._failure = Failed(Status.BROKEN, str(event["message"]))

    def end(self, status: str, message: str) -> bool:
        """Never asked twice."""
        if status != "done":
            self._answer, self._failure = None, Failed(ENDS[status], message)
        return False

    def lose(self, message: str) -> None:
        """The worker died of it."""
        self.end("crashed", message)

    def answer(self) -> dict[str, object]:
        """What the function returned. Raises Failed."""
        if self._answer is None:
            raise self._failure
        return self._answer
