"""The report for code scanning: SARIF 2.1.0.

Results are what is left in the file: a finding whose fix was proved and written is gone, and has none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

from modereview import version
from modereview.records import Event, Fix, Review, Span, Verdict
from modereview.report.options import Options
from modereview.report.places import in_cell, lines_in_file, path_of
from modereview.report.tally import exit_code, is_mended, settled
from modereview.report.words import sentences
from modereview.rules import Rule, rules

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# The name says how the hash is made, so that another way can stand beside it (SARIF 2.1.0, 3.27.17).
FINGERPRINT = "modereview/v1"

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | float | bool | None"
Object: TypeAlias = dict[str, Json]


def render(reviews: Sequence[Review], options: Options) -> str:
    """One run with the results of all reviews, as ASCII."""
    catalogue = rules()
    order = {rule.id: index for index, rule in enumerate(catalogue)}
    run: Object = {
        "tool": {"driver": driver(catalogue)},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(reviews, options)],
        "results": [
            _result(review, verdict, order, options)
            for review in reviews
            for verdict in settled(review)
            if not is_mended(review, verdict)
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def driver(catalogue: Sequence[Rule]) -> Object:
    """The tool and its rules, each with its help."""
    return {"name": "modereview", "version": version(), "rules": [_rule(rule) for rule in catalogue]}


def _rule(rule: Rule) -> Object:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": _help(rule), "markdown": _help(rule)},
        "helpUri": rule.source,
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _help(rule: Rule) -> str:
    """What the rule is about as Markdown, which reads well as plain text too."""
    return (
        f"{rule.why}\n\nWrong:\n\n```python\n{rule.bad.strip()}\n```\n\n"
        f"Right:\n\n```python\n{rule.good.strip()}\n```\n\nSource: {rule.source}"
    )


def _invocation(reviews: Sequence[Review], options: Options) -> Object:
    errors = [*options.refused, *(error for review in reviews for error in review.internal_errors)]
    notes = dict.fromkeys(text for review in reviews for text in (*review.warnings, *review.not_run))
    return {
        "executionSuccessful": not errors,
        "exitCode": exit_code(reviews, options.refused),
        "toolExecutionNotifications": [
            *({"level": "error", "message": {"text": text}} for text in errors),
            *({"level": "note", "message": {"text": text}} for text in notes),
        ],
    }


def _result(review: Review, verdict: Verdict, order: Mapping[str, int], options: Options) -> Object:
    finding = verdict.finding
    told = sentences(in_cell(review, finding.span) + finding.message, *finding.facts)
    result: Object = {
        "ruleId": finding.rule,
        "level": finding.severity.value,
        "message": {"text": " ".join(told)},
        "locations": [_location(review, finding.span, options)],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {"state": verdict.state, "provedBy": list(verdict.proved_by)},
    }
    if finding.rule in order:
        result["ruleIndex"] = order[finding.rule]
    if any(event.text for event in finding.evidence):
        result["codeFlows"] = [_flow(review, finding.evidence, options)]
    if verdict.fix and not review.source.cells:  # offsets of an .ipynb are not those of its code
        result["fixes"] = [_fix(review, verdict.fix, options)]
    return result


def _flow(review: Review, events: Sequence[Event], options: Options) -> Object:
    """The chain of events in its own order; a viewer steps through it."""
    steps = [
        {**_location(review, event.span, options), "message": {"text": event.text}}
        for event in events
        if event.text
    ]
    return {"threadFlows": [{"locations": [{"location": step} for step in steps]}]}


def _location(review: Review, span: Span, options: Options) -> Object:
    region = _region(review, span)
    return {"physicalLocation": {"artifactLocation": _artifact(review, options), "region": region}}


def _artifact(review: Review, options: Options) -> Object:
    """The file relative to the checkout, as code scanning wants it, its name's very bytes quoted."""
    return {"uri": quote(os.fsencode(path_of(review, options))), "uriBaseId": "%SRCROOT%"}


def _region(review: Review, span: Span) -> Object:
    """SARIF ends a region before its end column, as a span does. Of a notebook it names whole lines."""
    first, last = lines_in_file(review, span)
    if review.source.cells:
        return {"startLine": first, "endLine": last}
    return {
        "startLine": first,
        "startColumn": span.column,
        "endLine": last,
        "endColumn": span.end_column,
    }


def _fix(review: Review, fix: Fix, options: Options) -> Object:
    """A fix that is not in the file, for a viewer to apply; offsets count characters of the decoded file."""
    replacements: list[Object] = [
        {
            "deletedRegion": {"charOffset": edit.start, "charLength": edit.end - edit.start},
            "insertedContent": {"text": edit.replacement},
        }
        for edit in fix.edits
    ]
    change: Object = {"artifactLocation": _artifact(review, options), "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}
