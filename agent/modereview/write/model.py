"""Tests of a language model's own: plan -> ask -> gate -> (repair) -> keep or drop.

What the model returns is data. It is read as text, judged as a syntax tree, and run only by the runner
that is handed in, which is the sandbox. Repeats and mutants follow in the corridor, as for every case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from modereview.llm import Meter, Model
from modereview.records import Case, Dropped, Plan, Suite, Usage
from modereview.write.admission import Refusal, admit
from modereview.write.answer import read
from modereview.write.ground import ground
from modereview.write.question import ask_for_tests
from modereview.write.repair import Runner, repair

ROUNDS = 3  # a test that three repairs do not bring to run is not worth a fourth


@dataclass(frozen=True)
class Proposals:
    """What a model adds to a suite, so far: cases that passed the gates, and (name, reason) of the others."""

    cases: tuple[Case, ...]
    dropped: tuple[Refusal, ...]
    usage: Usage

    def added_to(self, suite: Suite) -> Suite:
        """The suite with these cases behind its own."""
        refused = (Dropped(name, reason, "refused") for name, reason in self.dropped)
        return replace(suite, cases=suite.cases + self.cases, dropped=(*suite.dropped, *refused))

    def usage_after(self, suite: Suite) -> Usage:
        """The bill with what it bought, once the last gate has made its choice."""
        kept = sum(case.author == self.usage.model for case in suite.cases)
        return replace(self.usage, kept=kept, dropped=len(self.cases) + len(self.dropped) - kept)


async def propose(
    plan: Plan, suite: Suite, model: Model, run: Runner | None = None, rounds: int = ROUNDS
) -> Proposals:
    """Ask for tests of each target that a recipe reaches.

    With a runner, tests that cannot run go back to the model with their error, at most `rounds` times.
    Never raises ModelError: the usage says what failed, and the review goes on with what is there.
    """
    meter = Meter(model)
    where = ground(suite, plan.program.source.tree)
    answers = await meter.ask_all([ask_for_tests(plan, suite, recipe) for recipe in plan.recipes])
    cases: list[Case] = []
    dropped: list[Refusal] = []
    for recipe, answer in zip(plan.recipes, answers, strict=True):
        if answer is not None:
            taken, refused = admit(read(answer), where.with_cases(cases), model.name, recipe.target.name)
            cases, dropped = cases + taken, dropped + refused
    if run is not None:
        cases, refused = await repair(cases, suite, where, meter, run, rounds)
        dropped += refused
    return Proposals(tuple(cases), tuple(dropped), meter.usage)
