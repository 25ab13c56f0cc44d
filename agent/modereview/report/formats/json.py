"""The report for programs. `report/schema.json` describes it, `docs/json.md` is made from the schema.

Additions keep the version; whatever would break a reader raises it. Lists are in a fixed order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TypeAlias

from modereview import version
from modereview.records import (
    Edit,
    Event,
    Fix,
    Mutant,
    Outcome,
    Quiet,
    Review,
    Severity,
    Span,
    Suite,
    Unreached,
    Usage,
    Verdict,
)
from modereview.report.options import Options
from modereview.report.tally import is_mended, left, settled

VERSION = 1

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"
Object: TypeAlias = dict[str, Json]


def render(reviews: Sequence[Review], options: Options) -> str:
    """The document as ASCII, so that it survives any terminal and any pipe."""
    return json.dumps(document(reviews, options), indent=2) + "\n"


def document(reviews: Sequence[Review], options: Options) -> Object:
    """The whole report as plain values."""
    return {
        "version": VERSION,
        "tool": {"name": "modereview", "version": version()},
        "summary": _summary(reviews),
        "refused": list(options.refused),
        "files": [_file(review) for review in reviews],
    }


def _summary(reviews: Sequence[Review]) -> Object:
    pairs = [(review, verdict) for review in reviews for verdict in settled(review)]
    counts: Object = {
        f"{severity.value}s": sum(verdict.finding.severity is severity for _, verdict in pairs)
        for severity in Severity
    }
    return {
        "files": len(reviews),
        **counts,
        "fixed": sum(is_mended(review, verdict) for review, verdict in pairs),
        "left": len(left(reviews)),
        "internal_errors": sum(len(review.internal_errors) for review in reviews),
    }


def _file(review: Review) -> Object:
    usage = review.usage
    return {
        "path": review.source.name,
        "root": str(review.source.root),
        "static": review.static,
        "seconds": round(review.seconds, 3),
        "findings": [_finding(review, verdict) for verdict in settled(review)],
        "quiet": [_quiet(review, quiet) for quiet in review.quiet],
        "tests": _tests(review, review.suite) if review.suite else None,
        "mutants": {
            "killed": [_mutant(mutant) for mutant in review.killed],
            "survived": [_mutant(mutant) for mutant in review.survived],
            "equivalent": [_mutant(mutant) for mutant in review.equivalent],
        },
        "unreached": [_unreached(item) for item in review.unreached],
        "not_run": list(review.not_run),
        "warnings": list(review.warnings),
        "written": [str(path) for path in review.written],
        "model": _model(usage) if usage.model else None,
        "remarks": [dict(asdict(remark)) for remark in review.remarks],
        "internal_errors": list(review.internal_errors),
    }


def _model(usage: Usage) -> Object:
    reasons = [{"what": what, "reason": reason} for what, reason in usage.reasons]
    drops = [{"reason": reason, "count": count} for reason, count in usage.drops]
    return {**asdict(usage), "drops": drops, "reasons": reasons}


def _finding(review: Review, verdict: Verdict) -> Object:
    finding = verdict.finding
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "span": _span(finding.span),
        "place": review.source.label(finding.span.line),
        "function": finding.function,
        "subject": finding.subject,
        "claimed_by": finding.claimed_by,
        "fingerprint": finding.fingerprint,
        "evidence": [_event(event) for event in finding.evidence],
        "facts": list(finding.facts),
        "state": verdict.state,
        "proved_by": list(verdict.proved_by),
        "reason": verdict.reason,
        "fix": _fix(verdict.fix, is_mended(review, verdict)) if verdict.fix else None,
    }


def _quiet(review: Review, quiet: Quiet) -> Object:
    finding = quiet.finding
    return {
        "rule": finding.rule,
        "span": _span(finding.span),
        "place": review.source.label(finding.span.line),
        "fingerprint": finding.fingerprint,
        "by": quiet.by,
        "reason": quiet.reason,
    }


def _span(span: Span) -> Object:
    return dict(asdict(span))


def _event(event: Event) -> Object:
    return {"span": _span(event.span), "kind": event.kind, "text": event.text}


def _fix(fix: Fix, written: bool) -> Object:
    return {
        "title": fix.title,
        "line": fix.line,
        "safe": fix.safe,
        "consequence": fix.consequence,
        "written": written,
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> Object:
    return dict(asdict(edit))


def _tests(review: Review, suite: Suite) -> Object:
    return {
        "path": str(suite.path),
        "written": suite.path in review.written,
        "cases": [
            {
                "name": case.name,
                "contract": case.contract,
                "targets": list(case.targets),
                "proves": list(case.proves),
                "author": case.author,
            }
            for case in suite.cases
        ],
        "outcomes": [_outcome(outcome) for outcome in review.outcomes],
        "dropped": [{"case": d.case, "kind": d.kind, "reason": d.reason} for d in suite.dropped],
    }


def _outcome(outcome: Outcome) -> Object:
    return {
        "case": outcome.case,
        "status": outcome.status.value,
        "message": outcome.message,
        "seconds": round(outcome.seconds, 3),
    }


def _mutant(mutant: Mutant) -> Object:
    return {
        "id": mutant.id,
        "description": mutant.description,
        "span": _span(mutant.span),
        "function": mutant.function,
        "caught_by": mutant.caught_by,
    }


def _unreached(item: Unreached) -> Object:
    return {
        "kind": item.target.kind,
        "name": item.target.name,
        "tried": item.tried,
        "error": item.error,
        "hint": item.hint,
    }
