"""The report for code scanning, written anew from the handover.

The file that the reviewing half leaves may be a stranger's: its rules could bring help with links and
pictures, its runs another tool's category. Every field of the handover is checked, and the rules are our own.
"""

from __future__ import annotations

import os
from urllib.parse import quote

from modereview.github.answers import Object
from modereview.github.diff import Diff
from modereview.github.escape import bare
from modereview.github.told import Handover, Told
from modereview.report.formats.sarif import FINGERPRINT, SCHEMA, driver
from modereview.report.words import sentences
from modereview.rules import rules


def document(handover: Handover, diff: Diff) -> Object:
    """One run: what was found in the files that the pull request changes, by rules that are ours."""
    catalogue = rules()
    order = {rule.id: index for index, rule in enumerate(catalogue)}
    results = [
        _result(told, order[told.rule])
        for told in handover.findings
        if diff.present(told.path) and told.rule in order
    ]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver(catalogue)}, "results": results}],
    }


def _result(told: Told, index: int) -> Object:
    result: Object = {
        "ruleId": told.rule,
        "ruleIndex": index,
        "level": told.severity,
        "message": {"text": bare(" ".join(sentences(told.message, *told.facts)))},
        "locations": [_location(told.path, told.first, max(told.first, told.last))],
        "partialFingerprints": {FINGERPRINT: told.fingerprint},
    }
    steps = [
        {"location": {**_location(told.path, step.line, step.line), "message": {"text": bare(step.text)}}}
        for step in told.evidence
    ]
    return {**result, "codeFlows": [{"threadFlows": [{"locations": steps}]}]} if steps else result


def _location(path: str, first: int, last: int) -> Object:
    artifact = {"uri": quote(os.fsencode(path)), "uriBaseId": "%SRCROOT%"}
    region = {"startLine": first, "endLine": last}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
