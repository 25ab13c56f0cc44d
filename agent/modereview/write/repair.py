"""Proposed tests are held to ruff's rules and run once; what fails goes back to the model with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from modereview.llm import answers
from modereview.llm.agent import Chain, Drop, Judged
from modereview.llm.prompts import Prompts
from modereview.records import Case, Outcome, Plan, Suite
from modereview.write.admission import admit
from modereview.write.answer import Parsed, read
from modereview.write.gates import broken
from modereview.write.ground import Ground
from modereview.write.question import ask_for_repair
from modereview.write.tidy import complaint, without_unused

Runner = Callable[[Suite], Sequence[Outcome]]


@dataclass
class Gate:
    """What tests of a model must pass: the policy, ruff, and one run that reaches their assertion.

    It remembers which names are taken: chains of other targets add to the same file.
    """

    plan: Plan
    suite: Suite
    where: Ground
    author: str
    prompts: Prompts
    run: Runner

    def judge(self, code: str, target: str, only: str = "") -> Judged[Case]:
        """The functions of an answer, one by one; with `only`, that function and nothing that came along."""
        parsed = _only(read(code), only) if only else read(code)
        admitted, refused = admit(parsed, self.where, self.author, target)
        cases = [replace(case, code=without_unused(case.code)) for case in admitted]
        self.where = self.where.with_cases(cases)
        errors = self._errors(cases)
        return Judged(
            tuple(case for case in cases if case.name not in errors),
            tuple(refused),
            tuple(self._again(case, errors[case.name]) for case in cases if case.name in errors),
        )

    def _errors(self, cases: Sequence[Case]) -> dict[str, str]:
        """By name, what ruff has against a case, or why it did not reach its assertion."""
        errors = {case.name: why for case in cases if (why := complaint(case.code))}
        clean = tuple(case for case in cases if case.name not in errors)
        if clean:
            outcomes = self.run(replace(self.suite, cases=clean))
            errors |= {each.case: each.reason for each in broken(clean, outcomes)}
        return errors

    def _again(self, case: Case, error: str) -> Chain[Case, answers.Repair]:
        self.where = self.where.without(case.name)
        question = ask_for_repair(self.plan, self.suite, case, error, self.prompts)

        def gate(answer: answers.Repair) -> Judged[Case]:
            judged = self.judge(answer.code, case.targets[0], only=case.name)
            return replace(judged, dropped=_as_repairs(judged.dropped[:1], case.name, error))

        return Chain(case.name, question, gate, otherwise=error)


def _as_repairs(dropped: tuple[Drop, ...], name: str, error: str) -> tuple[Drop, ...]:
    return tuple((name, f"{error}; its repair: {reason}") for _, reason in dropped)


def _only(parsed: Parsed, name: str) -> Parsed:
    pieces = tuple(piece for piece in parsed.pieces if piece.node.name == name)[:1]
    if pieces:
        return Parsed(pieces)
    return Parsed(refused=parsed.refused or ((name, "the answer holds no function of that name"),))
