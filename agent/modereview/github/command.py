"""`modereview github`: one half of the bot or the other. Each loads only what it needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from modereview.errors import InputError
from modereview.github import event as events
from modereview.github import runner
from modereview.github.arguments import parse

Say = Callable[[str], None]


def run(words: Sequence[str], say: Say) -> int:
    """Review, or post. `say` prints a line. Raises InputError, ToolError."""
    arguments = parse(words)
    assert arguments.event is not None
    event = events.read(arguments.event)
    if arguments.post:
        from modereview.github.posting import post

        return post(arguments, event, runner.log(say))
    if os.environ.get("GITHUB_EVENT_NAME") in ("pull_request_target", "workflow_run"):
        raise InputError(
            "This event's token can write: a pull request's code is never run under it. "
            "Review on: pull_request, and post from here with --post."
        )
    from modereview.github.reviewing import review

    return review(arguments, event, say)
