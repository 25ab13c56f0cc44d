"""The half that reviews, as a command: what it leaves for the runner, for people and for the posting half."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from modereview.errors import InputError
from modereview.github import handover as handovers
from modereview.github import runner, summary
from modereview.github.arguments import Arguments
from modereview.github.check import fails
from modereview.github.checkout import Checkout, checkout
from modereview.github.decide import concerning
from modereview.github.diff import Diff
from modereview.github.event import Event
from modereview.github.posting import show
from modereview.github.review import Reviewed, Wanted
from modereview.github.review import review as look
from modereview.github.seen import Seen
from modereview.report import Options, render
from modereview.report.tally import CLEAN, FOUND, TOOL_FAILED

Say = Callable[[str], None]


def review(arguments: Arguments, event: Event, say: Say) -> int:
    """Review, and leave what the job uploads; the exit code tells how it went. Raises InputError."""
    log = runner.log(say)
    here = checkout(Path.cwd(), event.head, event.base)
    reviewed = look(here, _wanted(arguments, event), lambda _: None)
    diff = here.diff(here.changed())
    told = concerning(reviewed.handover, diff)
    if arguments.dry_run:
        show(reviewed.handover, diff, Seen(), arguments.max_comments, log)
    _leave(arguments, reviewed, here)
    page = _page(reviewed, diff)
    runner.summarize(page, os.environ)
    log(render("text", reviewed.reviews, Options(writes=False)))
    for line in runner.notes_at_lines(told):
        say(line)
    runner.give(_outputs(arguments, reviewed), os.environ)
    if any(each.internal_errors for each in reviewed.reviews):
        return TOOL_FAILED
    return FOUND if fails(told, arguments.fail_on) else CLEAN


def _wanted(arguments: Arguments, event: Event) -> Wanted:
    """Nothing of a stranger's leaves the machine, and nothing is run without a sandbox."""
    sandbox = "preferred" if arguments.allow_unsandboxed else "required"
    given: dict[str, object] = {"check": True, "sandbox": sandbox}
    if arguments.python:
        given["python"] = arguments.python
    static = "Only read, as asked for: nothing was run." if arguments.static else ""
    return Wanted(given, arguments.only, static, arguments.offline or event.fork)


def _page(reviewed: Reviewed, diff: Diff) -> str:
    """The job's summary: it lists what in the pull request itself the comments would say."""
    told = concerning(reviewed.handover, diff)
    return summary.page(reviewed.handover, summary.tally(reviewed.handover, told))


def _leave(arguments: Arguments, reviewed: Reviewed, here: Checkout) -> None:
    """The files that the job uploads."""
    if arguments.handover:
        handovers.write(reviewed.handover, arguments.handover)
    options = Options(writes=False, base=here.top)
    for path, form in ((arguments.sarif, "sarif"), (arguments.report, "json")):
        if path:
            _write(path, render(form, reviewed.reviews, options))
    for change in reviewed.handover.tests if arguments.tests else ():
        assert arguments.tests is not None
        _write(arguments.tests / change.path, change.content)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None


def _outputs(arguments: Arguments, reviewed: Reviewed) -> dict[str, int | Path]:
    """The step's outputs, by name."""
    findings = [told for told in reviewed.handover.findings if told.severity != "note"]
    named = {"handover": arguments.handover, "sarif": arguments.sarif, "report": arguments.report}
    return {
        "findings": len(findings),
        "fixed": sum(told.state == "fixed" for told in findings),
        **{name: path for name, path in named.items() if path},
    }
