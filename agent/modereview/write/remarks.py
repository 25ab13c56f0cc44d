"""What a model makes of the whole file: claims, each of a line and the contract that would show it; disputes.

Here a claim is only read; `claims` puts it to the test.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from modereview.llm import Question, answers
from modereview.llm.agent import Chain, Drop, Judged
from modereview.llm.prompts import Prompts
from modereview.plan.contracts import contracts
from modereview.records import Contract, Finding, Forward, Mode, Program, Remark, Severity
from modereview.write.digest import digest
from modereview.write.question import serious

MOST = 10  # remarks of one answer; more is noise
LONGEST = 300  # characters of one
MOST_CALLS = 40  # calls of models that a question lists
_NOTHING_THERE = "the analysis finds nothing of that rule there"


def chain(
    program: Program, findings: Sequence[Finding], prompts: Prompts, limit: int
) -> Chain[Remark, answers.ReviewNotes]:
    """The question for a second look at a file, of which `limit` tokens are shown."""

    def gate(answer: answers.ReviewNotes) -> Judged[Remark]:
        return judged(answer, program, findings)

    return Chain("second look", question(program, findings, prompts, limit), gate)


def question(
    program: Program, findings: Sequence[Finding], prompts: Prompts, limit: int, code: str | None = None
) -> Question[answers.ReviewNotes]:
    """The question itself; `code` in place of the digest, to compare with."""
    name = program.source.name
    return prompts.question(
        "review",
        name,
        answers.ReviewNotes,
        script=name,
        code=digest(program, limit, findings) if code is None else code,
        findings=[(f.span.line, f.rule, f.message + _weight(f)) for f in findings],
        forwards=_calls(program),
        contracts=_nameable(program),
    )


def _nameable(program: Program) -> list[str]:
    """A contract for each fault that tests can show in such a file, of a class or of a run.

    A claim needs no others, and may name any.
    """
    named, shown = list[str](), set[tuple[str, str]]()
    for contract in contracts():
        shows = {(contract.on, rule) for rule in contract.proves}
        if not shown.issuperset(shows):
            shown |= shows
            if (contract.on != "module" or program.modules) and _signed(contract, program):
                named.append(contract.id)
    return named


def _signed(contract: Contract, program: Program) -> bool:
    return re.search(contract.sign, program.source.code, re.IGNORECASE) is not None


def judged(answer: answers.ReviewNotes, program: Program, findings: Sequence[Finding]) -> Judged[Remark]:
    """The remarks that name something that is there; why the others are dropped."""
    known = {contract.id for contract in contracts()}
    kept: list[Remark] = []
    dropped: list[Drop] = []
    for claim in answer.missed[:MOST]:
        what = f"claim about line {claim.line}"
        if not 1 <= claim.line <= len(program.source.lines):
            dropped.append((what, "the file has no such line"))
        elif claim.contract not in known:
            dropped.append((what, "it names no contract"))
        else:
            kept.append(Remark(claim.line, claim.contract, _plain(claim.claim)))
    for dispute in answer.wrong[:MOST]:
        if any((f.span.line, f.rule) == (dispute.line, dispute.rule) for f in serious(findings)):
            kept.append(Remark(dispute.line, "", _plain(dispute.why), disputes=dispute.rule))
        else:
            named = any((f.span.line, f.rule) == (dispute.line, dispute.rule) for f in findings)
            why = "what is found there is a note, and accuses nobody" if named else _NOTHING_THERE
            dropped.append((f"dispute about line {dispute.line}", why))
    return Judged(tuple(kept), tuple(dropped))


def _weight(finding: Finding) -> str:
    return " (a note)" if finding.severity is Severity.NOTE else ""


def _tells(forward: Forward) -> bool:
    return forward.role != "unknown" or forward.mode is not Mode.UNKNOWN


def _calls(program: Program) -> list[str]:
    """The calls of models in words, by what is called, in an order that is the same in every run."""
    told = sorted({(f.span.line, _how(f), _what(f)) for f in program.forwards if _tells(f)})
    by_model: dict[str, list[str]] = {}
    for line, how, what in told[:MOST_CALLS]:
        by_model.setdefault(what, []).append(f"{line} {how}")
    return [f"{what}: {', '.join(calls)}" for what, calls in by_model.items()]


def _what(forward: Forward) -> str:
    kinds = ", ".join(forward.sensitive) or ("not in view" if forward.opaque else "nothing that minds")
    return f"`{forward.model}` (its layers: {kinds})"


def _how(forward: Forward) -> str:
    return f"{forward.role} in {forward.mode.value}" + ("" if forward.exact else " on some paths")


def _plain(text: str) -> str:
    """What comes from a model must not steer a terminal, nor fill it."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= LONGEST else words[:LONGEST] + "..."
