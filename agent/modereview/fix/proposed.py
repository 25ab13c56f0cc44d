"""Mends of a language model's own, for shown faults that no fix of ours mends: edits, then proof.

Findings of one rule in one class or function are asked about together: a test is often red for all of them.
A proposal has to hold as a codemod has: a red test is green, all others are as before. It is a person's to
accept: it is written only where unsafe fixes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modereview.fix.asking import ask_for_mend
from modereview.fix.attempt import Tools
from modereview.fix.change import Change, change
from modereview.fix.compose import compose, moved_back
from modereview.fix.mend import Mended
from modereview.fix.places import Group, groups, lines_of
from modereview.llm import Message, Question, answers
from modereview.llm.agent import Chain, Drop, Judged
from modereview.llm.prompts import Prompts
from modereview.records import Case, Finding, Fix, Severity, Source, Verdict
from modereview.verify import Comparison, compare, proved_fix, red, without_fix

_TURNS_NONE = "no red test turned green"


@dataclass(frozen=True)
class Proposal:
    """An answer that held on the file as it was then, or may hold once others are made."""

    group: Group
    answer: answers.Fix
    waits: bool = False  # it turns no test green by itself, and spoils none


def _what(group: Group) -> str:
    """As drops name it."""
    return f"fix of {group[0].rule} at {lines_of(group)}"


def chains(
    mended: Mended, cases: Sequence[Case], tools: Tools, prompts: Prompts, limit: int
) -> tuple[Chain[Proposal, answers.Fix], ...]:
    """A question for the faults of each place that a red test could show mended and that are not yet.

    `limit` is in tokens, for the user's code.
    """
    if not tools.fix or not red(mended.outcomes):
        return ()
    left = [v.finding for v in mended.verdicts if v.state in ("proved", "reported") or _shown_only(v)]
    asked = groups(mended.source, [f for f in left if f.severity is not Severity.NOTE])
    return tuple(
        _chain(mended, group, tools, ask_for_mend(mended, group, cases, prompts, limit), len(asked) > 1)
        for group in asked
    )


def _shown_only(verdict: Verdict) -> bool:
    """Whether a test shows the fault, and the fix that we know does not turn it green."""
    return verdict.state == "suggested" and bool(verdict.proved_by)


def _chain(
    mended: Mended, group: Group, tools: Tools, question: Question[answers.Fix], among_others: bool
) -> Chain[Proposal, answers.Fix]:
    def chain(question: Question[answers.Fix], otherwise: str = "") -> Chain[Proposal, answers.Fix]:
        def gate(answer: answers.Fix) -> Judged[Proposal]:
            held = _held(mended, [Proposal(group, answer)], tools)
            waits = held == _TURNS_NONE and among_others
            if waits or not isinstance(held, str):
                return Judged(kept=(Proposal(group, answer, waits),))
            again = question.after(
                Message("assistant", answer.model_dump_json()),
                Message("user", f"That does not hold: {held}. Give all edits anew."),
            )
            return Judged(again=(chain(again, held),))

        return Chain(_what(group), question, gate, otherwise)

    return chain(question)


def apply(
    mended: Mended, proposals: Sequence[Proposal], tools: Tools, original: Source
) -> tuple[Mended, tuple[Drop, ...]]:
    """The file with the proposals that hold, where unsafe fixes are wanted, and why the others do not.

    One after the other as long as one holds; of what is left then, all at once: a test may be red for
    several of them.
    """
    now, left, why = mended, sorted(proposals, key=lambda each: each.waits), dict[str, str]()
    while held := _first_that_holds(now, left, tools, why):
        left.remove(held.made[0].proposal)
        now = _told(held, tools, original)
    together = _together(now, [proposal for proposal in left if proposal.waits], tools)
    if together is not None:
        now = _told(together, tools, original)
        left = [each for each in left if each not in [made.proposal for made in together.made]]
    lost = tuple((what := _what(each.group), why[what]) for each in left)
    return (now if tools.unsafe else replace(mended, verdicts=now.verdicts)), lost


@dataclass(frozen=True)
class _Made:
    """A proposal as applied."""

    proposal: Proposal
    before: Source
    change: Change


@dataclass(frozen=True)
class _Held:
    """The file with one proposal or several, run, and what that did to the tests."""

    state: Mended
    made: tuple[_Made, ...]
    comparison: Comparison


def _held(now: Mended, proposals: Sequence[Proposal], tools: Tools) -> _Held | str:
    """The proposals on top of each other, with what they prove together; else why they do not hold."""
    state, made = now, list[_Made]()
    for proposal in proposals:
        step = change(state, proposal.group, proposal.answer, tools)
        if isinstance(step, str):
            return step
        made.append(_Made(proposal, state.source, step))
        state = step.state
    state = replace(state, outcomes=tools.run(state.source))
    comparison = compare(now.outcomes, state.outcomes)
    if comparison.proves:
        return _Held(state, tuple(made), comparison)
    return f"{comparison.spoiled[0]} is not as before" if comparison.spoiled else _TURNS_NONE


def _first_that_holds(
    now: Mended, left: Sequence[Proposal], tools: Tools, why: dict[str, str]
) -> _Held | None:
    """The first that turns a test green by itself; `why` learns of those before it."""
    for proposal in left:
        held = _held(now, [proposal], tools)
        if not isinstance(held, str):
            return held
        why[_what(proposal.group)] = held
    return None


def _together(now: Mended, waiting: Sequence[Proposal], tools: Tools) -> _Held | None:
    """All at once, then without each in turn: kept are those that the proof needs."""
    whole = _held(now, waiting, tools) if len(waiting) > 1 else ""
    if isinstance(whole, str):
        return None
    goal = set(whole.comparison.turned)
    for proposal in waiting:
        fewer = [made.proposal for made in whole.made if made.proposal is not proposal]
        without = _held(now, fewer, tools)
        if not isinstance(without, str) and goal.issubset(without.comparison.turned):
            whole = without
    return whole


def _told(held: _Held, tools: Tools, original: Source) -> Mended:
    """The file with the verdicts on what is mended, each fix in positions of the file before all of them."""
    told = dict[str, Verdict]()
    for made in held.made:
        earlier = compose(original, made.before)
        edits = tuple(moved_back(edit, earlier) for edit in made.change.fix.edits)
        for finding in made.change.mended:
            fix = replace(made.change.fix, finding=finding, edits=edits)
            told[finding.fingerprint] = _verdict(finding, fix, held.comparison, tools)
    verdicts = tuple(told.get(v.finding.fingerprint, v) for v in held.state.verdicts)
    return replace(held.state, verdicts=verdicts)


def _verdict(finding: Finding, fix: Fix, comparison: Comparison, tools: Tools) -> Verdict:
    if tools.unsafe:
        return proved_fix(finding, fix, comparison)
    reason = "proved, and proposed by a model: --unsafe-fixes writes it"
    return without_fix(finding, comparison.turned, fix, reason)
