"""Code Quality for merge requests of GitLab: a list of what is left in the files.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from modereview.records import Review, Severity, Verdict
from modereview.report.options import Options
from modereview.report.places import in_cell, lines_in_file, path_of
from modereview.report.tally import is_mended, settled
from modereview.report.words import printable, sentences

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(reviews: Sequence[Review], options: Options) -> str:
    """The list as ASCII; empty where nothing is left."""
    issues = [
        _issue(review, verdict, options)
        for review in reviews
        for verdict in settled(review)
        if not is_mended(review, verdict)
    ]
    return json.dumps(issues, indent=2) + "\n"


def _issue(review: Review, verdict: Verdict, options: Options) -> dict[str, object]:
    finding = verdict.finding
    first, last = lines_in_file(review, finding.span)
    told = sentences(in_cell(review, finding.span) + finding.message, *finding.facts)
    path = path_of(review, options)
    return {
        "description": printable(" ".join(told)),
        "check_name": f"{finding.rule} {finding.name}",
        # GitLab takes issues of one fingerprint for one: projects of a repository may share ours.
        "fingerprint": hashlib.sha256(f"{path}\0{finding.fingerprint}".encode()).hexdigest()[:32],
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": path, "lines": {"begin": first, "end": last}},
    }
