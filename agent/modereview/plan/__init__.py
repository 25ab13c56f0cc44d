"""Program and findings -> Plan: the contracts to test, and the recipe that each needs, found by search.

The search runs the user's code, so it runs in the sandbox: `ask` sends a request there and brings the answer
of `probe.main`. The sandbox is given `probe_code()`, and `request.SECONDS` is what the search takes at most.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from modereview.plan.contracts import applies, contracts
from modereview.plan.names import names_of
from modereview.plan.probe import probe_code
from modereview.plan.recipes import module_recipe, scenario_recipe, unreached
from modereview.plan.request import SECONDS, request
from modereview.plan.seeding import seeding_recipes
from modereview.plan.slots import Context
from modereview.plan.targets import Scenario, module_targets, scenarios
from modereview.records import Finding, Plan, Program, Recipe, Target, Unreached
from modereview.run import Failed

__all__ = ["SECONDS", "plan", "probe_code"]

Load: TypeAlias = Literal["import", "definitions"]
Ask: TypeAlias = Callable[[dict[str, object]], dict[str, object]]


def plan(
    program: Program, findings: tuple[Finding, ...], ask: Ask, test_path: Path, load: Load | None = None
) -> Plan:
    """The plan for one file. `ask` runs the probe on it, once or twice.

    `load` is how an earlier plan loads the file: an import that hangs should not be tried again.
    """
    modules = module_targets(program)
    load, found_scenarios, answer = _asked(program, ask, load)
    reached = _recipes(modules, found_scenarios, answer)
    recipes = tuple(r for r in reached if isinstance(r, Recipe))
    all_recipes = (*recipes, *seeding_recipes(program))
    return Plan(
        program,
        findings,
        load,
        test_path,
        recipes,
        tuple((c, r) for c in contracts() for r in all_recipes if applies(c, r, program)),
        tuple(r for r in reached if isinstance(r, Unreached)),
    )


def _asked(
    program: Program, ask: Ask, known: Load | None
) -> tuple[Load, tuple[Scenario, ...], dict[str, Any]]:
    """The probe's answer; where a script cannot be imported, once more by its definitions alone."""
    only: Load | None = "definitions" if program.trains_on_import else known
    loads: tuple[Load, ...] = (only,) if only else ("import", "definitions")
    for load in loads:
        context = Context(program, names_of(program, load))
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


def _recipes(
    modules: tuple[Target, ...], found: tuple[Scenario, ...], answer: dict[str, Any]
) -> list[Recipe | Unreached | None]:
    if "load_error" in answer:
        failure = {"error": answer["load_error"], "tried": 0}
        return [unreached(t, failure) for t in (*modules, *(s.target for s in found))]
    return [module_recipe(t, answer["modules"][t.name]) for t in modules] + [
        scenario_recipe(s, answer["scenarios"][s.target.name]) for s in found
    ]
