"""`modereview rules` and `modereview explain`: the rules as a table, as JSON, and as a page each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from textwrap import fill, indent

from modereview.errors import InputError
from modereview.rules import Rule
from modereview.rules.base import no_fix

WIDTH = 100


def table(rules: Sequence[Rule]) -> str:
    """One line a rule: id, severity, name, summary."""
    if not rules:
        return ""
    severity = max(len(rule.severity.value) for rule in rules)
    name = max(len(rule.name) for rule in rules)
    return "".join(
        f"{rule.id}  {rule.severity.value:<{severity}}  {rule.name:<{name}}  {rule.summary}\n"
        for rule in rules
    )


def as_json(rules: Sequence[Rule]) -> str:
    """The rules as a JSON list, with all their texts."""
    return json.dumps([_plain(rule) for rule in rules], indent=2) + "\n"


def find(rules: Sequence[Rule], wanted: str) -> Rule:
    """The rule of that id or name. Raises InputError with the nearest ones."""
    for rule in rules:
        if wanted.upper() == rule.id or wanted.lower() == rule.name:
            return rule
    known = [known for rule in rules for known in (rule.id, rule.name)]
    near = get_close_matches(wanted, known, n=1) or get_close_matches(wanted.upper(), known, n=1)
    hint = f"Did you mean {near[0]}?" if near else "`modereview rules` lists them."
    raise InputError(f"There is no rule {wanted}. {hint}")


def page(rule: Rule) -> str:
    """What a rule is about, in the order a reader asks."""
    parts = [
        f"{rule.id} {rule.name} ({rule.severity.value})",
        fill(rule.summary, WIDTH),
        fill(rule.why, WIDTH),
        f"Wrong:\n\n{_code(rule.bad)}",
        f"Right:\n\n{_code(rule.good)}",
        fill(f"Not flagged: {rule.not_flagged}", WIDTH),
        fill(f"Fix: {rule.fix}{_safety(rule)}", WIDTH),
        f"Source: {rule.source}",
    ]
    return "\n\n".join(parts) + "\n"


def _code(text: str) -> str:
    return indent(text.strip("\n"), "    ")


def _safety(rule: Rule) -> str:
    return "" if rule.safe or rule.mend is no_fix else " Only with --unsafe-fixes."


def _plain(rule: Rule) -> dict[str, str | bool]:
    return {
        "id": rule.id,
        "name": rule.name,
        "severity": rule.severity.value,
        "summary": rule.summary,
        "why": rule.why,
        "source": rule.source,
        "bad": rule.bad,
        "good": rule.good,
        "not_flagged": rule.not_flagged,
        "fix": rule.fix,
        "safe": rule.safe,
    }
