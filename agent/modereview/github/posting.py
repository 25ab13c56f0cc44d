"""The half that speaks: it holds the token, and runs nothing of the pull request."""

from __future__ import annotations

import os
from collections.abc import Callable

from modereview.errors import InputError
from modereview.github import handover as handovers
from modereview.github import summary
from modereview.github.answers import Refused
from modereview.github.arguments import Arguments
from modereview.github.check import check
from modereview.github.client import Client, Unclear
from modereview.github.decide import concerning, decide
from modereview.github.diff import Diff
from modereview.github.event import Event
from modereview.github.post import Poster, ReadOnly
from modereview.github.pull import Pull, find
from modereview.github.push import push
from modereview.github.show import show
from modereview.github.told import Handover
from modereview.github.upload import upload
from modereview.report.tally import CLEAN

Say = Callable[[str], None]


def post(arguments: Arguments, event: Event, say: Say, client: Client | None = None) -> int:
    """Read the handover as a stranger's, and say on the pull request what it says. Raises InputError."""
    assert arguments.post is not None
    handover = handovers.read(arguments.post)
    if handover.head != event.head:
        raise InputError("The handover is about another commit than the event. Nothing of it is used.")
    client = client or Client(os.environ.get("GITHUB_API_URL", "https://api.github.com"), _token(arguments))
    pull = _pull(client, event)
    if pull.commits()[0] != event.head:
        say("The pull request has moved on: the run of its new head will speak.")
        return CLEAN
    diff = pull.diff()
    if arguments.dry_run:
        show(decide(handover, diff, pull.seen(), arguments.max_comments), say)
        return CLEAN
    _speak(arguments, handover, pull, diff, say)
    return CLEAN


def _speak(arguments: Arguments, handover: Handover, pull: Pull, diff: Diff, say: Say) -> None:
    """Each by itself: what the token may not do keeps nothing else from being said."""
    if arguments.comments:
        try:
            Poster(pull, handover, diff, arguments.max_comments, say).speak()
        except ReadOnly as reason:
            say(f"No comments: the token may not write them ({reason}). The job's summary has it all.")
    told = concerning(handover, diff)
    page = summary.page(handover, summary.tally(handover, told))
    try:
        check(pull, handover.head, told, page, arguments.fail_on)
    except (Refused, Unclear) as reason:
        say(f"No check was written ({reason}).")
    if arguments.code_scanning:
        say(_uploaded(handover, pull, diff))
    if arguments.push_fixes:
        say(push(pull, handover, diff))


def _uploaded(handover: Handover, pull: Pull, diff: Diff) -> str:
    from modereview.github.sarif import document

    try:
        return upload(pull, handover.head, document(handover, diff))
    except Unclear as reason:
        return f"Whether code scanning has the SARIF report is unknown ({reason})."


def _pull(client: Client, event: Event) -> Pull:
    """The pull request, by the event's number; after a run of a fork, by asking which one it is."""
    if event.number:
        return Pull(client, event.repository, event.number)
    return find(client, event.repository, event.head, event.owner, event.branch)


def _token(arguments: Arguments) -> str:
    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN") or ""
    if not token and not arguments.dry_run:
        raise InputError("There is no token: give the step GITHUB_TOKEN: ${{ github.token }}.")
    return token
