"""Recipes of a language model's own, for targets that the search did not reach.

The model gives values only. What is run with them, and in which order, is what the plan makes of the user's
file: a model cannot put a mode switch where the file has none.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace

from modereview.llm import Message, Question, answers
from modereview.llm.agent import Chain, Judged
from modereview.llm.prompts import Prompts
from modereview.llm.tokens import tokens
from modereview.records import Plan, Program, Recipe, Suite, Target, Unreached, Value
from modereview.write.complete import Pair
from modereview.write.context import Slice, slices
from modereview.write.expressions import RESERVED, refused
from modereview.write.ground import Ground, ground
from modereview.write.project import Definition, brought_in, used_by
from modereview.write.trial import Runner, trial
from modereview.write.ways import Way, passing, way_of

LONGEST_COMMENT = 80  # characters of what a value's origin may say
_NO_MODEL = "no model of this file could be built"  # the search's words where it lacks only that


def ready(plan: Plan) -> Plan:
    """The plan for a machine without a GPU, where the file asks for one: the search may have ended before."""
    if "cuda" not in plan.program.source.code or "OnTheCpu" in plan.instead:
        return plan
    return replace(plan, instead=(*plan.instead, "OnTheCpu"))


def chains(plan: Plan, run: Runner, prompts: Prompts, limit: int) -> tuple[Chain[Pair, answers.Recipe], ...]:
    """A question for each target without a recipe, but for those that a recipe of another would run too.

    None where the script itself could not be loaded.
    """
    if not plan.recipes and not any(item.tried or item.error == _NO_MODEL for item in plan.unreached):
        return ()  # a search that tried nothing never got as far as the script's definitions
    missing = {item.target.name for item in plan.unreached}
    ways = [(item, way_of(plan, item.target)) for item in plan.unreached]
    asked = [(item, way) for item, way in ways if way.wanted and not missing & set(way.unless)]
    return tuple(_chain(plan, item, way, run, prompts, limit) for item, way in asked)


def _chain(
    plan: Plan, item: Unreached, way: Way, run: Runner, prompts: Prompts, limit: int
) -> Chain[Pair, answers.Recipe]:
    target = item.target
    question = _question(plan, item, way, prompts, limit)
    source = plan.program.source
    where = ground(Suite(plan.test_path, "", ()), source.tree, brought_in(source))

    def chain(question: Question[answers.Recipe], otherwise: str = "") -> Chain[Pair, answers.Recipe]:
        def gate(answer: answers.Recipe) -> Judged[Pair]:
            if not answer.values:
                return chain(question, otherwise).dropped("the model knows no recipe")
            error = _refusal(target, answer, way, where)
            if error is None:
                given = {value.name for value in answer.values}
                tried = trial(plan, _recipe(target, answer, passing(way, given)), run)
                if not isinstance(tried, str):
                    return Judged(kept=tried)
                error = tried
            again = question.after(
                Message("assistant", answer.model_dump_json()),
                Message(
                    "user", f"That recipe does not hold. It ended with:\n\n{error}\n\nGive all values anew."
                ),
            )
            return Judged(again=(chain(again, error),))

        return Chain(f"recipe of {target.name}", question, gate, otherwise)

    return chain(question)


def _question(
    plan: Plan, item: Unreached, way: Way, prompts: Prompts, limit: int
) -> Question[answers.Recipe]:
    name = plan.program.source.name
    objects = [f"{value.name} = {value.code}" for value in way.objects]
    patches = [f"script.{patch} = {patch}" for patch in way.patches]
    code, used = _shown(plan.program, item.target, limit)
    return prompts.question(
        "recipe",
        f"{item.target.name} of {name}",
        answers.Recipe,
        script=name,
        target=item.target.name,
        kind=item.target.kind,
        code=code,
        used=used,
        wanted=list(way.wanted),
        optional=list(dict.fromkeys(option[1:] for option in way.optional)),
        runs="\n".join([*objects, *patches, *(drive.code for drive in way.drives)]),
        error=item.error,
    )


def _shown(program: Program, target: Target, limit: int) -> tuple[list[Slice], list[Definition]]:
    """The target's code, and what that uses: a third of the limit is kept for it."""
    code = slices(program, target, limit * 2 // 3)
    used = used_by(program, code, limit - sum(tokens(text) for _, text in code))
    code = slices(program, target, limit - sum(tokens(text) for *_, text in used))
    twice = "\n".join(text for _, text in code)
    return code, [each for each in used if each[2].partition("\n")[0] not in twice]


def _refusal(target: Target, answer: answers.Recipe, way: Way, where: Ground) -> str | None:
    """Why a recipe must not even be tried, in words."""
    names = [value.name for value in answer.values]
    lacking = [name for name, _ in way.wanted if name not in names]
    if lacking:
        return f"there is no value for {', '.join(f'`{name}`' for name in lacking)}"
    known = frozenset[str]()
    for value in answer.values:
        if not value.name.isidentifier() or value.name in RESERVED or value.name.startswith("__"):
            return f"`{value.name}` cannot be the name of a value"
        if (reason := refused(value.code, known, where)) is not None:
            return f"`{value.name}`: {reason}"
        known |= {value.name}
    objects = frozenset(value.name for value in way.objects)
    if target.kind == "scenario" and (reason := refused(answer.watch, known | objects, where)) is not None:
        return f"`watch`: {reason}"
    return None


def _recipe(target: Target, answer: answers.Recipe, way: Way) -> Recipe:
    values = tuple(Value(value.name, value.code, _comment(value.why)) for value in answer.values)
    patches = tuple(Value(name, name) for name in way.patches)
    if target.kind == "module":
        return Recipe(target, values, patches=patches)
    return Recipe(target, (*values, *way.objects), way.drives, answer.watch, patches)


def _comment(why: str) -> str:
    """The reason as it may stand in the user's file: a few plain words on one line."""
    plain = re.sub(r"[^\w .,()*/=+'-]", " ", re.sub(r"\s*[;:]\s*", ", ", why))
    return textwrap.shorten(plain, LONGEST_COMMENT, placeholder=" ...")
