"""What a question about a mend is about: findings of one rule in one class or function."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeAlias

from modereview.records import Finding, Source, Span
from modereview.write.naming import listed

# Of one rule, in one class or function, in the order of the file: never empty.
Group: TypeAlias = tuple[Finding, ...]

_TOP_LEVEL = 15  # lines around a finding that lies in no function


def groups(source: Source, findings: Sequence[Finding]) -> list[Group]:
    """Together what one rule says of one class or function, and what one reader says of it."""
    groups: dict[tuple[str, Span, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule, place_of(source, finding)[1], finding.claimed_by), []).append(
            finding
        )
    return [tuple(sorted(group, key=lambda each: each.span)) for group in groups.values()]


def place_of(source: Source, finding: Finding) -> tuple[str, Span]:
    """The class or function that a finding lies in: of a method, the class, for layers live in `__init__`."""
    outer = outermost(finding)
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == outer:
            return f"`{outer}`", Span(node.lineno, 1, node.end_lineno or node.lineno, 1)
    first, last = finding.span.line - _TOP_LEVEL, finding.span.line + _TOP_LEVEL
    return "these lines", Span(max(first, 1), 1, min(last, len(source.lines)), 1)


def outermost(finding: Finding) -> str:
    """The class or function of the top level that a finding lies in."""
    return finding.function.partition(".")[0]


def lines_of(group: Group) -> str:
    """As in "lines 42 and 44"."""
    numbers = [str(line) for line in dict.fromkeys(finding.span.line for finding in group)]
    return f"line{'s' if len(numbers) > 1 else ''} {listed(numbers)}"
