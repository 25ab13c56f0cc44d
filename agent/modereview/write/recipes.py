"""Recipes of a language model's own, for targets that the search did not reach.

The model gives values only. What is run with them, and in which order, is what the plan makes of the user's
file: a model cannot put a mode switch where the file has none.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from modereview.llm import Message, Question, answers
from modereview.llm.agent import Chain, Judged
from modereview.llm.prompts import Prompts
from modereview.plan.contracts import applies, contracts
from modereview.records import Case, Drive, Outcome, Plan, Recipe, Suite, Target, Unreached, Value
from modereview.write import builtin
from modereview.write.arrange import RECORDED
from modereview.write.context import slices
from modereview.write.expressions import RESERVED, refused
from modereview.write.gates import broken
from modereview.write.ground import Ground, ground
from modereview.write.naming import builder_names, calls
from modereview.write.ways import Way, way_of

Runner = Callable[[Suite], Sequence[Outcome]]

_MODULE = '''\
def test_recipe_holds():
    """The recipe builds the class that it should, and its forward runs in both modes."""
    model, inputs = {builder}()
    if not isinstance(model, script.{name}):
        raise TypeError("`model` is no {name} but " + type(model).__name__)
    for mode in (True, False):
        nn.Module.train(model, mode)
        if not outputs(model, inputs):
            raise ValueError("the forward returns no tensor")
    assert True
'''
_SCENARIO = '''\
def test_recipe_holds():
    """Every function that should be driven runs forwards of the watched model."""
    seen = {{forward.call for forward in {builder}()}}
    missing = [call for call in {calls!r} if call not in seen]
    if missing:
        raise LookupError("no forward of `{watch}` was seen in " + ", ".join(missing))
    assert True
'''


def chains(
    plan: Plan, run: Runner, prompts: Prompts, limit: int
) -> tuple[Chain[Recipe, answers.Recipe], ...]:
    """A question for each target without a recipe. None where the script itself could not be loaded."""
    if not plan.recipes and not any(item.tried for item in plan.unreached):
        return ()
    return tuple(_chain(plan, item, run, prompts, limit) for item in plan.unreached)


def _chain(
    plan: Plan, item: Unreached, run: Runner, prompts: Prompts, limit: int
) -> Chain[Recipe, answers.Recipe]:
    target, way = item.target, way_of(plan, item.target)
    question = _question(plan, item, way, prompts, limit)
    where = ground(Suite(plan.test_path, "", ()), plan.program.source.tree)

    def chain(question: Question[answers.Recipe], otherwise: str = "") -> Chain[Recipe, answers.Recipe]:
        async def gate(answer: answers.Recipe) -> Judged[Recipe]:
            error = _refusal(target, answer, way, where)
            recipe = _recipe(target, answer, way)
            if error is None:
                error = await asyncio.to_thread(_trial, plan, recipe, run)
            if error is None:
                return Judged(kept=(recipe,))
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
    return prompts.question(
        "recipe",
        f"{item.target.name} of {name}",
        answers.Recipe,
        script=name,
        target=item.target.name,
        kind=item.target.kind,
        code=slices(plan.program, item.target, limit),
        wanted=list(way.wanted),
        runs="\n".join([*objects, *patches, *(drive.code for drive in way.drives)]),
        error=item.error,
    )


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
    if target.kind == "module":
        return Recipe(target, values)
    patches = tuple(Value(name, name) for name in way.patches)
    return Recipe(target, (*values, *way.objects), way.drives, answer.watch, patches)


def _comment(why: str) -> str:
    """The reason as it may stand in the user's file: a few plain words on one line."""
    return " ".join(re.sub(r"[^\w .,()*/=+-]", " ", why).split())[:60]


def _trial(plan: Plan, recipe: Recipe, run: Runner) -> str | None:
    """Run the contracts that apply: what keeps one from its assertion, None where nothing does."""
    pairs = tuple((c, recipe) for c in contracts() if applies(c, recipe, plan.program))
    if not pairs:
        return "no contract applies to what it builds"
    suite = builtin.write(replace(plan, recipes=(recipe,), pairs=pairs))
    suite = replace(suite, cases=(_probe(recipe), *suite.cases))
    return next(iter(broken(suite.cases, run(suite)).values()), None)


def _probe(recipe: Recipe) -> Case:
    builder = builder_names([recipe])[recipe]
    if recipe.target.kind == "module":
        code = _MODULE.format(builder=builder, name=recipe.target.name)
    else:
        code = _SCENARIO.format(builder=builder, calls=_recorded(recipe), watch=recipe.watch)
    return Case("test_recipe_holds", code.rstrip("\n"), "", (recipe.target.name,), (), "builtin")


def _recorded(recipe: Recipe) -> list[str]:
    pairs: list[tuple[str, Drive]] = [*zip(calls(recipe), recipe.drives, strict=True)]
    return [call for call, drive in pairs if drive.roles & RECORDED]
