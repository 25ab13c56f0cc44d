"""Mends of a language model's own, for shown faults that no fix of ours mends: edits, then proof.

A proposal stays inside the function or class of its finding, brings in nothing that leads out of the
computation, and has to hold as a codemod has: the analysis is content, a red test is green, all others are as
before. It is a person's to accept: it is written only where unsafe fixes are.
"""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from modereview import parse
from modereview.errors import InputError
from modereview.fix.attempt import Tools
from modereview.fix.compose import compose, moved_back
from modereview.fix.mend import Mended
from modereview.llm import Message, Question, answers
from modereview.llm.agent import Chain, Judged
from modereview.llm.prompts import Prompts
from modereview.records import Case, Edit, Finding, Fix, Outcome, Severity, Source, Span, Status, Verdict
from modereview.verify import Comparison, compare, proved_fix, red, without_fix
from modereview.write.context import excerpt
from modereview.write.policy import leads_out

MOST_EDITS = 5
MOST_TESTS = 5  # failing ones that a question shows, the first whole
_KINDS = ("dropout", "norm")
_TOP_LEVEL = 15  # lines around a finding that lies in no function


@dataclass(frozen=True)
class Proposal:
    """An answer that held on the file as it was then."""

    finding: Finding
    answer: answers.Fix


@dataclass(frozen=True)
class _Held:
    """A proposal as applied: the file with it, and the proof."""

    state: Mended
    fix: Fix
    comparison: Comparison


def chains(
    mended: Mended, cases: Sequence[Case], tools: Tools, prompts: Prompts, limit: int
) -> tuple[Chain[Proposal, answers.Fix], ...]:
    """A question for each fault that a red test could show mended and that is not mended yet.

    `limit` is in tokens, for the user's code.
    """
    if not tools.fix or not red(mended.outcomes):
        return ()
    left = [v.finding for v in mended.verdicts if v.state in ("proved", "reported") or _shown_only(v)]
    counted = [finding for finding in left if finding.severity is not Severity.NOTE]
    return tuple(_chain(mended, finding, cases, tools, prompts, limit) for finding in counted)


def _shown_only(verdict: Verdict) -> bool:
    """Whether a test shows the fault, and the fix that we know does not turn it green."""
    return verdict.state == "suggested" and bool(verdict.proved_by)


def apply(mended: Mended, proposals: Sequence[Proposal], tools: Tools, original: Source) -> Mended:
    """The file with the proposals that hold one after the other, where unsafe fixes are wanted."""
    for proposal in proposals:
        held = _held(mended, proposal.finding, proposal.answer, tools)
        if isinstance(held, str):
            continue
        earlier = compose(original, mended.source)
        fix = replace(held.fix, edits=tuple(moved_back(edit, earlier) for edit in held.fix.edits))
        if tools.unsafe:
            verdict = proved_fix(proposal.finding, fix, held.comparison)
            mended = replace(held.state, verdicts=_with(mended.verdicts, verdict))
        else:
            reason = "proved, and proposed by a model: --unsafe-fixes writes it"
            verdict = without_fix(proposal.finding, held.comparison.turned, fix, reason)
            mended = replace(mended, verdicts=_with(mended.verdicts, verdict))
    return mended


def _chain(
    mended: Mended, finding: Finding, cases: Sequence[Case], tools: Tools, prompts: Prompts, limit: int
) -> Chain[Proposal, answers.Fix]:
    def chain(question: Question[answers.Fix], otherwise: str = "") -> Chain[Proposal, answers.Fix]:
        def gate(answer: answers.Fix) -> Judged[Proposal]:
            held = _held(mended, finding, answer, tools)
            if not isinstance(held, str):
                return Judged(kept=(Proposal(finding, answer),))
            again = question.after(
                Message("assistant", answer.model_dump_json()),
                Message("user", f"That does not hold: {held}. Give all edits anew."),
            )
            return Judged(again=(chain(again, held),))

        what = f"fix of {finding.rule} at line {finding.span.line}"
        return Chain(what, question, gate, otherwise)

    return chain(_question(mended, finding, cases, prompts, limit))


def _question(
    mended: Mended, finding: Finding, cases: Sequence[Case], prompts: Prompts, limit: int
) -> Question[answers.Fix]:
    source = mended.source
    place, span = _place(source, finding)
    by_name = {case.name: case for case in cases}
    failed = _telling(finding, mended.outcomes, by_name)
    return prompts.question(
        "fix",
        f"{finding.rule} in {finding.function or 'the top level'} of {source.name}",
        answers.Fix,
        script=source.name,
        place=place,
        finding=f"line {finding.span.line}, {finding.rule} {finding.name}: {finding.message}",
        facts=list(finding.facts),
        evidence=[(event.span.line, event.text) for event in finding.evidence],
        code=excerpt(source, span, finding.span.line, limit),
        tests=[(by_name[_case(o)].code, o.message) for o in failed[:1]],
        others="\n".join(f"{o.case}: {o.message}" for o in failed[1:MOST_TESTS]),
    )


def _telling(finding: Finding, outcomes: Sequence[Outcome], cases: Mapping[str, Case]) -> list[Outcome]:
    """The failures, first those that a fault of this rule explains, then those of the finding's own class."""

    def rank(outcome: Outcome) -> tuple[bool, bool]:
        about = outcome.case.partition("[")[2].rstrip("]")
        return finding.rule not in cases[_case(outcome)].proves, about not in ("", _outer(finding))

    failed = (o for o in outcomes if o.status is Status.FAILED and _case(o) in cases)
    return sorted(failed, key=rank)


def _held(now: Mended, finding: Finding, answer: answers.Fix, tools: Tools) -> _Held | str:
    """The file with the answer's edits, if they hold; else why they do not, in words."""
    edits = _edits(now.source, finding, answer)
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
        return f"it reaches out of {_place(now.source, finding)[0]}"
    program, findings = tools.look(source)
    before, after = (Counter(map(_kind, found)) for found in (tools.look(now.source)[1], findings))
    if not finding.claimed_by and after[_kind(finding)] >= before[_kind(finding)]:
        return f"the analysis still finds {finding.rule} there"
    if fresh := after - before:
        return f"the analysis then finds {next(iter(fresh))[0]}"
    if lost:
        return f"it takes out a {lost}, where its mode is to be mended"
    outcomes = tools.run(source)
    comparison = compare(now.outcomes, outcomes)
    if not comparison.proves:
        return (
            f"{comparison.spoiled[0]} is not as before" if comparison.spoiled else "no red test turned green"
        )
    fix = Fix(finding, _title(answer.title), edits, finding.span.line, safe=False, consequence="")
    return _Held(Mended(source, program, now.verdicts, outcomes), fix, comparison)


def _edits(source: Source, finding: Finding, answer: answers.Fix) -> tuple[Edit, ...] | str:
    """The edits as positions, each on whole lines that are found once inside the finding's place."""
    place, span = _place(source, finding)
    if not 1 <= len(answer.edits) <= MOST_EDITS:
        return f"it has {len(answer.edits)} edits; between one and {MOST_EDITS} are taken"
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


def _place(source: Source, finding: Finding) -> tuple[str, Span]:
    """The class or function that a finding lies in: of a method, the class, for layers live in `__init__`."""
    outer = _outer(finding)
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == outer:
            return f"`{outer}`", Span(node.lineno, 1, node.end_lineno or node.lineno, 1)
    first, last = finding.span.line - _TOP_LEVEL, finding.span.line + _TOP_LEVEL
    return "these lines", Span(max(first, 1), 1, min(last, len(source.lines)), 1)


def _outer(finding: Finding) -> str:
    """The class or function of the top level that a finding lies in."""
    return finding.function.partition(".")[0]


def _around(tree: ast.Module, finding: Finding) -> list[str]:
    """What stands beside the class or function of a finding; nothing where it lies in none."""
    names = [getattr(node, "name", "") for node in tree.body]
    if not _outer(finding) or _outer(finding) not in names:
        return []
    beside = [ast.dump(node) for node, name in zip(tree.body, names, strict=True) if name != _outer(finding)]
    return [*beside, f"{names.count(_outer(finding))} of that name"]


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


def _kind(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.function, finding.subject


def _case(outcome: Outcome) -> str:
    return outcome.case.partition("[")[0]


def _title(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:80] or "as proposed"


def _with(verdicts: tuple[Verdict, ...], verdict: Verdict) -> tuple[Verdict, ...]:
    return tuple(verdict if v.finding.fingerprint == verdict.finding.fingerprint else v for v in verdicts)
