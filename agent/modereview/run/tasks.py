"""What a worker can be asked, and what the dispatcher expects of anything it drives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from modereview.records import Status

if TYPE_CHECKING:
    from modereview.run.inside.messages import Event, Order

# How a child ends that does not come to its end by itself.
ENDS = {"timeout": Status.TIMEOUT, "crashed": Status.CRASHED}


@dataclass(frozen=True)
class Job:
    """Cases of one pytest file to run on one version of the project.

    `files`: project-relative posix path -> content laid over the project. `test`: path of the pytest
    file, the same way. `names`: "test_x" (all its parameter sets) or "test_x[Net]"; None: all cases.
    `seed` gives the order of the cases, the generators and the number of threads; None: the file's order,
    generators that nobody seeded, one thread. `until_failure`: the first case that fails is the last.
    """

    files: Mapping[str, bytes]
    test: str
    names: tuple[str, ...] | None = None
    how: Literal["direct", "pytest"] = "direct"
    seed: int | None = None
    until_failure: bool = False


class Failed(Exception):
    """A question that got no answer; `status` says how it ended, `message` in one line why."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Task(Protocol):
    """What the dispatcher drives."""

    seconds: float  # how long the server may take between two events

    def order(self, number: int) -> Order:
        """What to ask of the server, under this number."""

    def hear(self, event: Event) -> None:
        """Something the child said."""

    def end(self, status: str, message: str) -> bool:
        """The child has ended ("done", "timeout", "crashed"); True to send what is left again."""

    def lose(self, message: str) -> None:
        """The server itself was brought down by this task."""
