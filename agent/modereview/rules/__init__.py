"""Program -> Findings: one file a rule, found by its name; adding a rule adds one file.

`rules()` lists them, `look()` runs them, `check()` gives what they find. A rule's file holds all there is to
know of it: its text, its examples (which are tests), how it looks and how it is mended.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from modereview.records import Finding, Program, Quiet, Severity, Span
from modereview.rules import mr001
from modereview.rules.base import Rule
from modereview.rules.causes import without_consequences
from modereview.rules.ignores import ignores, split
from modereview.rules.unit_tests import is_unit_test

__all__ = ["Looked", "Rule", "check", "look", "rule", "rules"]


@dataclass(frozen=True)
class Looked:
    """What the rules found in a file, and what of it is not to be told."""

    found: tuple[Finding, ...]
    quiet: tuple[Quiet, ...] = ()


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of the catalogue, by id."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("mr"))
    return tuple(importlib.import_module(f"{__name__}.{name}").RULE for name in names)


def rule(rule_id: str) -> Rule:
    """The rule of that id; KeyError where there is none."""
    return {r.id: r for r in rules()}[rule_id]


def check(
    program: Program,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    on_crash: Callable[[str], None] | None = None,
) -> tuple[Finding, ...]:
    """What the rules find and no comment takes back: see `look`."""
    return look(program, select, ignore, on_crash).found


def look(
    program: Program,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    on_crash: Callable[[str], None] | None = None,
    also: Sequence[Finding] = (),
) -> Looked:
    """What the rules find, in the order of the file. `select` and `ignore` hold ids or prefixes of ids.

    A rule that crashes does not stop the others: `on_crash` is told in one sentence. `also`: what somebody
    else found, and that is told or not as if the rule had found it.
    """
    found: list[Finding] = []
    ran: set[str] = set()
    for each in rules():
        if (select and not each.id.startswith(tuple(select))) or each.id.startswith(tuple(ignore)):
            continue
        found += [finding for finding in also if finding.rule == each.id]
        try:
            found += each.check(program)
            ran.add(each.id)
        except Exception as error:
            if on_crash is None:
                raise
            on_crash(f"rule {each.id} crashed in {program.source.name}: {type(error).__name__}: {error}")
    if is_unit_test(program):  # nobody's results
        found = [replace(each, severity=Severity.NOTE) for each in found]
    return _without_ignored(program, _numbered(sorted(without_consequences(found), key=_place)), ran)


def _without_ignored(program: Program, found: tuple[Finding, ...], ran: set[str]) -> Looked:
    """What no comment takes back, and a note for each comment that takes nothing back."""
    comments = ignores(program.source)
    kept, quiet = split(found, comments)
    if mr001.RULE.id in ran and not program.gave_up:
        known = frozenset(each.id for each in rules())
        kept += _numbered(mr001.unused(program, comments, quiet, frozenset(ran), known))
    return Looked(tuple(sorted(kept, key=_place)), tuple(quiet))


def _place(finding: Finding) -> tuple[Span, str]:
    return finding.span, finding.rule


def _numbered(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Equal findings on equal lines get an index, so that each has an identity of its own."""
    seen: Counter[str] = Counter()
    numbered = []
    for finding in sorted(found, key=_place):
        numbered.append(replace(finding, index=seen[finding.fingerprint]))
        seen[finding.fingerprint] += 1
    return tuple(numbered)
