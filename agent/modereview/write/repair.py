"""Tests that cannot run go back to the model with their error, a bounded number of times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from modereview.llm import Meter
from modereview.records import Case, Outcome, Suite
from modereview.write.admission import Refusal, admit
from modereview.write.answer import Parsed, read
from modereview.write.gates import broken
from modereview.write.ground import Ground
from modereview.write.question import ask_for_repair

Runner = Callable[[Suite], Sequence[Outcome]]


async def repair(
    cases: Sequence[Case], suite: Suite, where: Ground, meter: Meter, run: Runner, rounds: int
) -> tuple[list[Case], list[Refusal]]:
    """The cases that run, at once or after at most `rounds` repairs, and why the others do not."""
    sound: list[Case] = []
    sick = list(cases)
    dropped: list[Refusal] = []
    for left in range(rounds, -1, -1):
        outcomes = run(replace(suite, cases=tuple(sick))) if sick else ()
        errors = {each.case: each.reason for each in broken(sick, outcomes)}
        sound += [case for case in sick if case.name not in errors]
        sick = [case for case in sick if case.name in errors]
        if not left:
            return _sorted(sound, cases), dropped + list(errors.items())
        answers = await meter.ask_all([ask_for_repair(suite, case, errors[case.name]) for case in sick])
        sick, refused = _second_try(sick, errors, answers, where.with_cases(sound))
        dropped += refused
    raise ValueError("rounds must not be negative")


def _second_try(
    sick: Sequence[Case], errors: Mapping[str, str], answers: Sequence[str | None], where: Ground
) -> tuple[list[Case], list[Refusal]]:
    """The repaired cases, not yet run. A case without an answer is dropped with the error that it had."""
    cases: list[Case] = []
    dropped: list[Refusal] = []
    for case, answer in zip(sick, answers, strict=True):
        if answer is None:
            dropped.append((case.name, errors[case.name]))
            continue
        taken, refused = admit(
            _only(read(answer), case.name), where.with_cases(cases), case.author, case.targets[0]
        )
        cases += taken
        dropped += [(case.name, f"{errors[case.name]}; its repair: {reason}") for _, reason in refused[:1]]
    return cases, dropped


def _only(parsed: Parsed, name: str) -> Parsed:
    """The function asked for, and nothing else that came along."""
    pieces = tuple(piece for piece in parsed.pieces if piece.node.name == name)[:1]
    if pieces:
        return Parsed(pieces)
    return Parsed(refused=parsed.refused or ((name, "the answer holds no function of that name"),))


def _sorted(cases: list[Case], like: Sequence[Case]) -> list[Case]:
    order = [case.name for case in like]
    return sorted(cases, key=lambda case: order.index(case.name))
