"""Tests of a language model's own: a chain for each target that a recipe reaches.

What the model returns is data. It is read as text, judged as a syntax tree, and run only by the runner
that is handed in, which is the sandbox. Repeats and mutants follow in the corridor, as for every case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modereview.llm import answers
from modereview.llm.agent import Chain, Judged
from modereview.llm.prompts import Prompts
from modereview.records import Case, Plan, Recipe, Suite
from modereview.write.ground import ground
from modereview.write.project import brought_in
from modereview.write.question import ask_for_tests
from modereview.write.repair import Gate, Runner


def chains(
    plan: Plan,
    suite: Suite,
    survivors: Mapping[str, Sequence[str]],
    author: str,
    run: Runner,
    prompts: Prompts,
    limit: int,
) -> tuple[Chain[Case, answers.NewTests], ...]:
    """A question for tests of each target. `survivors`: by target, the faults that no test notices."""
    source = plan.program.source
    gate = Gate(plan, suite, ground(suite, source.tree, brought_in(source)), author, prompts, run)

    def chain(recipe: Recipe) -> Chain[Case, answers.NewTests]:
        name = recipe.target.name

        def judged(answer: answers.NewTests) -> Judged[Case]:
            return gate.judge("\n\n\n".join(map(_plain, answer.tests)), name)

        question = ask_for_tests(plan, suite, recipe, survivors.get(name, ()), prompts, limit)
        return Chain(f"tests of {name}", question, judged)

    return tuple(map(chain, plan.recipes))


def _plain(code: str) -> str:
    """The code of one test without the fence that some models put around it even in JSON."""
    return "\n".join(answers.python_blocks(code)) or code
