"""Program -> Findings: one file a rule, found by its name; adding a rule adds one file.

`rules()` lists them, `check()` runs them. A rule's file holds all there is to know of it: its text, its
examples (which are tests), how it looks and how it is mended.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from modereview.records import Finding, Program
from modereview.rules.base import Rule
from modereview.rules.causes import without_consequences

__all__ = ["Rule", "check", "rule", "rules"]


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
    """What the rules find, in the order of the file. `select` and `ignore` hold ids or prefixes of ids.

    A rule that crashes does not stop the others: `on_crash` is told in one sentence.
    """
    found: list[Finding] = []
    for each in rules():
        if (select and not each.id.startswith(tuple(select))) or each.id.startswith(tuple(ignore)):
            continue
        try:
            found += each.check(program)
        except Exception as error:
            if on_crash is None:
                raise
            on_crash(f"rule {each.id} crashed in {program.source.name}: {type(error).__name__}: {error}")
    return _numbered(sorted(without_consequences(found), key=lambda f: (f.span, f.rule)))


def _numbered(found: list[Finding]) -> tuple[Finding, ...]:
    """Equal findings on equal lines get an index, so that each has an identity of its own."""
    seen: Counter[str] = Counter()
    numbered = []
    for finding in found:
        numbered.append(replace(finding, index=seen[finding.fingerprint]))
        seen[finding.fingerprint] += 1
    return tuple(numbered)
