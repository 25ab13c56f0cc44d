"""`--dry-run`: what would be posted, printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from modereview.github.decision import Comment, Decision


def show(decision: Decision, say: Callable[[str], None]) -> None:
    """Print it, each comment with its place. Nothing is printed where nothing would be said."""
    for comment in decision.comments:
        say(f"--- new comment at {_place(comment)}\n{comment.body}\n")
    for edit in decision.edits:
        say(f"--- comment {edit.comment} would say\n{edit.body}\n")
    for line in _hidden(decision):
        say(line)
    if decision.summary:
        say(f"--- summary\n{decision.summary}\n")


def _place(comment: Comment) -> str:
    if not comment.first:
        return f"{comment.path}, the file as a whole"
    last = f"-{comment.last}" if comment.last != comment.first else ""
    return f"{comment.path}:{comment.first}{last}"


def _hidden(decision: Decision) -> Iterator[str]:
    """A line for each thing that would be done to comments and threads, in numbers."""
    named = (
        ("minimise", decision.minimize),
        ("show again", decision.restore),
        ("resolve", decision.resolve),
        ("reopen", decision.reopen),
    )
    return (f"--- to {name}: {len(ids)}" for name, ids in named if ids)
