"""Program and findings -> Plan: the contracts to test, and the recipe that each needs, found by search.

The search runs the user's code, so it runs in the sandbox: `ask` sends a request there and brings the answer
of `probe.main`. The sandbox is given `probe_code()`, and `request.SECONDS` is what the search takes at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from modereview.plan.contracts import applies, contracts
from modereview.plan.names import names_of
from modereview.plan.probe import probe_code
from modereview.plan.recipes import (
    mocked,
    module_recipe,
    not_shown,
    own_run_told,
    rehearsed_recipe,
    scenario_recipe,
    unreached,
)
from modereview.plan.rehearsal import sites, target_of
from modereview.plan.request import SECONDS, request
from modereview.plan.seeding import looks_after_a_run, seeding_recipes
from modereview.plan.slots import Context
from modereview.plan.targets import Scenario, module_targets, scenarios
from modereview.records import Finding, Given, Plan, Program, Recipe, Target, Unreached
from modereview.run import Failed

__all__ = ["SECONDS", "own_run", "plan", "probe_code"]

Load: TypeAlias = Literal["import", "definitions"]
Ask: TypeAlias = Callable[[dict[str, object]], dict[str, object]]


def plan(
    program: Program,
    findings: tuple[Finding, ...],
    ask: Ask,
    test_path: Path,
    load: Load | None = None,
    given: tuple[Given, ...] = (),
) -> Plan:
    """The plan for one file. `ask` runs the probe on it, once or twice; `given` is what the user tells.

    `load` is how an earlier plan loads the file: an import that hangs should not be tried again.
    """
    modules = module_targets(program)
    load, found_scenarios, answer = _asked(program, ask, load, given)
    reached = [*_recipes(modules, found_scenarios, answer), _own_run(program, answer)]
    recipes = tuple(r for r in reached if isinstance(r, Recipe))
    all_recipes = (*recipes, *seeding_recipes(program, _absent(answer)))
    planned = Plan(
        program,
        findings,
        load,
        test_path,
        recipes,
        tuple((c, r) for c in contracts() for r in all_recipes if applies(c, r, program)),
        (*_missed(program, reached, recipes, _absent(answer)), *not_shown(program, reached)),
        rooted=bool(answer.get("rooted")),
    )
    return _as_it_needs(planned, answer)


def own_run(planned: Plan, ask: Ask, given: tuple[Given, ...] = ()) -> tuple[Plan, Recipe | Unreached | None]:
    """The script's own run, also of a file whose functions can all be driven; None where it runs no model.

    Driven one by one they show no order that only the script gives them. With it, the plan that knows all
    that it lacks here.
    """
    program = planned.program
    known = next((recipe for recipe in planned.recipes if recipe.rehearsal), None)
    if known is not None:
        return planned, known
    context = Context(program, names_of(program, planned.load), given)
    answer = _answer(ask, request(context, planned.load, ()))
    return planned.lacking(_as_it_needs(planned, answer)), _own_run(program, answer)


def _as_it_needs(planned: Plan, answer: dict[str, Any]) -> Plan:
    """The plan with what the probe found that the machine has not."""
    return replace(
        planned,
        absent=_absent(answer),
        weightless=bool(answer.get("weightless")),
        instead=tuple(answer.get("instead", ())),
    )


def _missed(
    program: Program,
    reached: list[Recipe | Unreached | None],
    recipes: tuple[Recipe, ...],
    absent: tuple[str, ...],
) -> tuple[Unreached, ...]:
    """The targets without a recipe, but for those that another recipe runs, and those told elsewhere."""
    return tuple(
        mocked(own_run_told(r, reached[-1]), absent)
        for r in reached
        if isinstance(r, Unreached)
        and not _run_anyway(program, r, recipes)
        and not _told(program, r, reached)
    )


def _absent(answer: dict[str, Any]) -> tuple[str, ...]:
    """The packages that mocks replace, as the loading and the script's own run found them."""
    own_run = answer.get("rehearsal", {})
    return tuple(dict.fromkeys((*answer.get("absent", ()), *own_run.get("absent", ()))))


def _run_anyway(program: Program, missed: Unreached, recipes: tuple[Recipe, ...]) -> bool:
    """Whether the script's own run shows what no scenario could drive."""
    run = {f for r in recipes if r.rehearsal for f in r.target.functions}
    wanted = {site.function for site in sites(program)} & set(missed.target.functions)
    return bool(wanted) and run >= wanted


def _told(program: Program, missed: Unreached, reached: list[Recipe | Unreached | None]) -> bool:
    """Whether of a script's own run all that is missing is told function by function."""
    if missed.target != target_of(program, sites(program)):
        return False
    others = {f for r in reached if isinstance(r, Unreached) and r is not missed for f in r.target.functions}
    return others >= {site.function for site in sites(program)}


def _asked(
    program: Program, ask: Ask, known: Load | None, given: tuple[Given, ...]
) -> tuple[Load, tuple[Scenario, ...], dict[str, Any]]:
    """The probe's answer; where a script cannot be imported, once more by its definitions alone."""
    only: Load | None = "definitions" if program.trains_on_import else known
    loads: tuple[Load, ...] = (only,) if only else ("import", "definitions")
    for load in loads:
        context = Context(program, names_of(program, load), given)
        found = scenarios(context)
        answer = _answer(ask, request(context, load, found))
        if "load_error" not in answer:
            break
    return load, found, answer


def _answer(ask: Ask, question: dict[str, object]) -> dict[str, Any]:
    """The answer; a script that takes the probe down with it (a crash, a hang) could not be loaded."""
    try:
        return ask(question)
    except Failed as failure:
        return {"load_error": f"{failure.status.value}: {failure.message}"}


def _own_run(program: Program, answer: dict[str, Any]) -> Recipe | Unreached | None:
    """The recipe of the script's own run, where the probe came to it."""
    if "rehearsal" not in answer:
        return None
    return rehearsed_recipe(program, answer["rehearsal"], looks_after_a_run(program, _absent(answer)))


def _recipes(
    modules: tuple[Target, ...], found: tuple[Scenario, ...], answer: dict[str, Any]
) -> list[Recipe | Unreached | None]:
    if "load_error" in answer:
        failure = {"error": answer["load_error"], "tried": 0}
        return [unreached(t, failure) for t in (*modules, *(s.target for s in found))]
    return [module_recipe(t, answer["modules"][t.name]) for t in modules] + [
        scenario_recipe(s, answer["scenarios"][s.target.name]) for s in found
    ]
