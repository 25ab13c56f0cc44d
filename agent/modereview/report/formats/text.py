"""The report a person reads in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.text import Text

from modereview.records import Review
from modereview.report.closing import about_file, about_run, failures
from modereview.report.findings import block
from modereview.report.options import Options
from modereview.report.tally import settled


def render(reviews: Sequence[Review], options: Options) -> str:
    """Findings with their evidence, then what was tested, not run, written and spent; "" for no review."""
    rows: list[Text] = []
    for review in reviews:
        for verdict in settled(review):
            rows = [*_apart(rows), *block(review, verdict, options), Text("")]
        if not options.quiet:
            rows += about_file(review, options, alone=len(reviews) == 1)
        rows += failures(review)
    if reviews and not options.quiet:
        rows += about_run(reviews, options)
    return _print(rows, options.color)


def _apart(rows: list[Text]) -> list[Text]:
    """`rows` with an empty one at the end, unless there is one or nothing stands above."""
    return [*rows, Text("")] if rows and rows[-1].plain else rows


def _print(rows: Sequence[Text], color: bool) -> str:
    """The rows as one string. Soft wrap: a path that is broken in two cannot be clicked."""
    buffer = StringIO()
    console = Console(
        file=buffer,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
    )
    for row in rows:
        console.print(row, soft_wrap=True)
    return buffer.getvalue().rstrip("\n") + "\n" if rows else ""
