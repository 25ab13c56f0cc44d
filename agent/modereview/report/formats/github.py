"""Annotations on a run of GitHub Actions: one workflow command a line, for what is left in the files.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Sequence

from modereview.records import Review, Severity, Verdict
from modereview.report.options import Options
from modereview.report.places import in_cell, lines_in_file, path_of
from modereview.report.tally import is_mended, settled
from modereview.report.words import printable, sentence, sentences

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(reviews: Sequence[Review], options: Options) -> str:
    """The commands, or "" where there is nothing to tell."""
    failures = [*options.refused, *(error for review in reviews for error in review.internal_errors)]
    lines = [_command("error", {"title": "modereview"}, sentence(text)) for text in failures]
    lines += [
        _annotation(review, verdict, options)
        for review in reviews
        for verdict in settled(review)
        if not is_mended(review, verdict)
    ]
    return "".join(f"{line}\n" for line in lines)


def _annotation(review: Review, verdict: Verdict, options: Options) -> str:
    """A finding where it lies. Columns count within one line only, and in a notebook's JSON not at all."""
    finding, span = verdict.finding, verdict.finding.span
    first, last = lines_in_file(review, span)
    place = {"file": path_of(review, options), "line": str(first), "endLine": str(last)}
    if first == last and not review.source.cells:
        place |= {"col": str(span.column), "endColumn": str(span.end_column)}
    place["title"] = f"{finding.rule} {finding.name}"
    return _command(_COMMANDS[finding.severity], place, _message(review, verdict))


def _message(review: Review, verdict: Verdict) -> str:
    """The message, then the evidence and the facts, a line each."""
    finding = verdict.finding
    chain = [
        f"{review.source.name}:{review.source.label(event.span.line)}: {event.text}"
        for event in finding.evidence
        if event.text
    ]
    headline = sentences(in_cell(review, finding.span) + finding.message)
    return "\n".join([*headline, *chain, *sentences(*finding.facts)])


def _command(name: str, properties: dict[str, str], message: str) -> str:
    """`::error file=a.py,line=3::message`, so that nothing in it ends it early or starts another."""
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    lines = text.replace("\r", "\n").split("\n")
    return "%0A".join(printable(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
