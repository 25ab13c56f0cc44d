"""What is to be done on a pull request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Comment:
    """A new comment: at lines, or about the file as a whole where `first` is 0."""

    fingerprint: str
    path: str
    first: int
    last: int
    body: str
    plain: str  # the same without a suggestion, for where GitHub takes no comment at these lines


@dataclass(frozen=True)
class Edited:
    """A comment of the bot's that is to say something else."""

    comment: int
    body: str


@dataclass(frozen=True)
class Decision:
    """All that is to be done, in this order; nothing where everything is said already."""

    comments: tuple[Comment, ...] = ()
    edits: tuple[Edited, ...] = ()
    minimize: tuple[str, ...] = ()  # GraphQL ids of comments
    restore: tuple[str, ...] = ()
    resolve: tuple[str, ...] = ()  # GraphQL ids of threads
    reopen: tuple[str, ...] = ()
    repeated: tuple[int, ...] = ()  # comments at lines that two runs at once wrote twice
    repeated_summaries: tuple[int, ...] = ()
    summary: str = ""  # the summary's body; "" for none
    summary_edit: int | None = None  # the summary that is to say so; None to write a new one
