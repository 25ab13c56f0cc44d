"""What the bot finds on a pull request before it speaks: its own comments, and who answered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """The first comment of a thread, written by the bot itself about one finding."""

    fingerprint: str
    comment: int  # the number that REST knows it by
    node: str  # the id that GraphQL knows it by
    thread: str
    body: str
    path: str
    first: int | None = None  # where it stands now; None where its lines are gone, or for a whole file
    last: int | None = None
    answered: bool = False  # whether somebody else wrote in its thread
    closed: bool = False  # whether its body says that the finding went away
    resolved: bool = False
    minimized: bool = False
    can_resolve: bool = False
    can_minimize: bool = False


@dataclass(frozen=True)
class Summary:
    """A summary comment of the bot's."""

    comment: int
    body: str


@dataclass(frozen=True)
class Seen:
    """Everything the bot has said, oldest first."""

    said: tuple[Said, ...] = ()
    summaries: tuple[Summary, ...] = ()
