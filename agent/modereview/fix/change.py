"""What an answer makes of the file, and the rules that it must keep: nothing is run here.

It stays inside the class or function of its findings, brings in nothing that leads out of the computation,
takes out no layer, and leaves the analysis content.
"""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from modereview import parse
from modereview.errors import InputError
from modereview.fix.attempt import Tools
from modereview.fix.mend import Mended
from modereview.fix.places import Group, outermost, place_of
from modereview.llm import answers
from modereview.records import Edit, Finding, Fix, Source
from modereview.write.policy import leads_out

MOST_EDITS = 5  # for one finding, and one more for each that is mended with it
_Kind: TypeAlias = tuple[str, str, str]  # rule, function, subject
_KINDS = ("dropout", "norm")


@dataclass(frozen=True)
class Change:
    """The file with an answer's edits."""

    state: Mended  # with the outcomes of the file before
    mended: Group  # what the analysis finds no more
    fix: Fix


def change(now: Mended, group: Group, answer: answers.Fix, tools: Tools) -> Change | str:
    """The file with the answer's edits, if they keep the rules; else why they do not, in words."""
    finding = group[0]
    edits = _edits(now.source, finding, answer, MOST_EDITS + len(group) - 1)
    if isinstance(edits, str):
        return edits
    try:
        source = parse.apply(now.source, edits)
        strange = _strange(now.source.tree, source.tree)
        lost = _lost(now.source.tree, source.tree)
        spilled = _around(now.source.tree, finding) != _around(source.tree, finding)
    except (InputError, SyntaxError, ValueError) as error:
        return f"the file would not parse: {error}"
    if strange:
        return f"it brings in `{strange}`"
    if spilled:
        return f"it reaches out of {place_of(now.source, finding)[0]}"
    program, findings = tools.look(source)
    before, after = (Counter(map(_kind, found)) for found in (tools.look(now.source)[1], findings))
    gone = _gone(group, before, after)
    if not gone:
        return f"the analysis still finds {finding.rule} there"
    if fresh := after - before:
        return f"the analysis then finds {next(iter(fresh))[0]}"
    if lost:
        return f"it takes out a {lost}, where its mode is to be mended"
    fix = Fix(finding, _title(answer.title), edits, finding.span.line, safe=False, consequence="")
    return Change(Mended(source, program, now.verdicts, now.outcomes), gone, fix)


def _gone(group: Group, before: Counter[_Kind], after: Counter[_Kind]) -> Group:
    """What is found no more, of those that look alike all or none; of a claim no analysis can tell."""
    there = Counter(map(_kind, group))
    return tuple(f for f in group if f.claimed_by or after[_kind(f)] <= before[_kind(f)] - there[_kind(f)])


def _edits(source: Source, finding: Finding, answer: answers.Fix, most: int) -> tuple[Edit, ...] | str:
    """The edits as positions, each on whole lines that are found once inside the finding's place."""
    place, span = place_of(source, finding)
    if not 1 <= len(answer.edits) <= most:
        return f"it has {len(answer.edits)} edits; between one and {most} are taken"
    found: list[Edit] = []
    for edit in answer.edits:
        wanted = edit.search.strip("\n").split("\n")
        lines = range(span.line, span.end_line - len(wanted) + 2)
        places = [n for n in lines if list(source.lines[n - 1 : n - 1 + len(wanted)]) == wanted]
        if len(places) != 1 or not edit.search.strip():
            return (
                f"its `search` is found {len(places)} times in {place}, not once: {wanted[0].strip()[:60]!r}"
            )
        last = places[0] + len(wanted) - 1
        start, end = source.offset(places[0], 1), source.offset(last, len(source.lines[last - 1]) + 1)
        found.append(Edit(start, end, edit.replace.strip("\n").replace("\n", source.newline)))
    found.sort()
    if any(first.end > second.start for first, second in itertools.pairwise(found)):
        return "its edits overlap"
    return tuple(found)


def _around(tree: ast.Module, finding: Finding) -> list[str]:
    """What stands beside the class or function of a finding; nothing where it lies in none."""
    names = [getattr(node, "name", "") for node in tree.body]
    if not outermost(finding) or outermost(finding) not in names:
        return []
    beside = [
        ast.dump(node) for node, name in zip(tree.body, names, strict=True) if name != outermost(finding)
    ]
    return [*beside, f"{names.count(outermost(finding))} of that name"]


def _strange(before: ast.Module, after: ast.Module) -> str:
    """A name that leads out of the computation, or an import, that the file did not have before."""
    fresh = Counter(_names(after)) - Counter(_names(before))
    return next((name for name in fresh if leads_out(name) or name.startswith("import ")), "")


def _lost(before: ast.Module, after: ast.Module) -> str:
    """A kind of layer that is named less often than before: what is taken out is in no wrong mode."""
    return next(iter(_layers(before) - _layers(after)), "")


def _layers(tree: ast.Module) -> Counter[str]:
    return Counter(kind for name in _names(tree) for kind in _KINDS if kind in name.lower())


def _names(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.append(ast.unparse(node))
            if isinstance(node, ast.ImportFrom):
                found.append(f"import from {node.module}")
    return found


def _kind(finding: Finding) -> _Kind:
    return finding.rule, finding.function, finding.subject


def _title(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:80] or "as proposed"
