"""What the probe found, as records: recipes, and targets that nothing reached with what the user can do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from modereview.plan.rehearsal import drives, sites, target_of
from modereview.plan.slots import reached as functions_led_to
from modereview.plan.targets import Scenario
from modereview.records import Drive, Program, Recipe, Rehearsal, Role, Target, Unreached, Value

Json: TypeAlias = dict[str, Any]
IDLE = "no line of it that trains or evaluates was seen"  # how the probe says so, in `probe/rehearsal.py`


def module_recipe(target: Target, found: Json) -> Recipe | Unreached:
    """The recipe of a module class."""
    if "error" in found:
        return unreached(target, found)
    model = Value("model", found["model"]["code"], found["model"]["why"])
    inputs = Value("inputs", found["code"], found["why"])
    bound = tuple(Value(g["name"], g["code"], "the script sets it when it runs") for g in found["globals"])
    return Recipe(target, (model, inputs), patches=bound, tried=found["tried"], trials=_trials(found))


def scenario_recipe(scenario: Scenario, found: Json) -> Recipe | Unreached | None:
    """The recipe of a scenario; None where another one drives the same functions."""
    if found.get("error") == "":
        return None
    if "error" in found:
        return unreached(scenario.target, found)
    way = scenario.ways[found["number"]]
    values = tuple(Value(v["name"], v["code"], v["why"]) for v in found["values"])
    patches = tuple(Value(name, name) for name in (*way.patches, *found["patched"]))
    tried, trials = found["tried"], _trials(found)
    return Recipe(scenario.target, values, way.drives, found["watch"], patches, tried, trials=trials)


def rehearsed_recipe(program: Program, found: Json, drawn: Value | None) -> Recipe | Unreached | None:
    """The script's own run, with what to look at after it; None where the scenarios drive all there is."""
    if found.get("error") == "":
        return None
    if "error" in found:
        return unreached(target_of(program, sites(program)), found)
    seen = {(text, trained) for text, trained in found["seen"]}
    run = tuple(d for d in (_as_seen(drive, seen) for drive in drives(sites(program))) if d.roles)
    texts = {drive.code for drive in run}
    target = target_of(program, tuple(site for site in sites(program) if site.text in texts))
    target = replace(target, functions=_gone_through(program, target.functions, found["through"]))
    changes = tuple(Value(c["name"], c["code"], c["why"]) for c in found["changes"])
    rehearsal = Rehearsal(changes, tuple(found["arguments"]), tuple(found["files"]), found["most"])
    tried, trials = found["tried"], _trials(found)
    values = (drawn,) if drawn else ()
    return Recipe(target, values, run, "", tried=tried, rehearsal=rehearsal, trials=trials)


def _gone_through(program: Program, functions: tuple[str, ...], lines: Sequence[int]) -> tuple[str, ...]:
    """The functions with those that the run was inside of while they ran a model."""
    around = [[f for f in program.functions if f.span.line <= n <= f.span.end_line] for n in lines]
    inner = (min(each, key=lambda f: f.span.end_line - f.span.line) for each in around if each)
    own = (f.name for f in inner if f.name.rpartition(".")[2] != "forward")
    return tuple(dict.fromkeys((*functions, *own)))


def not_shown(program: Program, reached: Sequence[Recipe | Unreached | None]) -> tuple[Unreached, ...]:
    """Lines that call a model and that the script's own run did not come to, where it came to others."""
    run = [r for r in reached if isinstance(r, Recipe) and r.rehearsal]
    told = {f for r in reached if r and r not in run for f in r.target.functions}
    driven = {f for name in told for f in functions_led_to(program, name)}
    shown = {drive.code for recipe in run for drive in recipe.drives}
    missed = [s for s in sites(program) if s.text not in shown and s.function not in driven]
    if not run or not missed:
        return ()
    first, name = missed[0], program.source.path.name
    target = Target("scenario", f"line {first.line}", tuple({s.function for s in missed}))
    others = f", nor to {len(missed) - 1} more that call a model" if missed[1:] else ""
    error = f"the short run of {name} did not come to `{first.text}`{others}"
    hint = f'Give what leads there in a recipe ([[tool.modereview.recipe]] with target = "{name}").'
    return (Unreached(target, run[0].tried, error, hint),)


def _as_seen(drive: Drive, seen: set[tuple[str, bool]]) -> Drive:
    """The drive with the roles in which the run showed it."""
    roles: frozenset[Role] = frozenset(r for r in drive.roles if (drive.code, r == "train") in seen)
    return replace(drive, roles=roles)


def unreached(target: Target, found: Json) -> Unreached:
    """What was tried, the last error, and one sentence of advice."""
    error = str(found["error"])
    return Unreached(target, int(found["tried"]), error, _hint(target, error), _trials(found))


def _trials(found: Json) -> tuple[str, ...]:
    return tuple(str(trial) for trial in found.get("trials", ()))


def own_run_told(missed: Unreached, own_run: Recipe | Unreached | None) -> Unreached:
    """Where no model is in the file, what ended the script's own run says more."""
    ran_idle = isinstance(own_run, Unreached) and IDLE in own_run.error
    if "no model of this file" not in missed.error or not isinstance(own_run, Unreached) or ran_idle:
        return missed
    error = f"in the script's own run: {own_run.error}"
    return replace(missed, tried=own_run.tried, error=error, hint=own_run.hint, trials=own_run.trials)


def mocked(missed: Unreached, absent: tuple[str, ...]) -> Unreached:
    """What is said where a mock for a package that is not there was no help."""
    if not absent or not ("Mock" in missed.error or missed.hint == _general_hint(missed.target)):
        return missed
    did = "did not do" if "Mock" in missed.error else "stood in for it, which may be why"
    said = f"This Python cannot import `{absent[0]}`; a mock {did}"
    return replace(missed, hint=f"{said}: give one that can with --python PATH.")


def _hint(target: Target, error: str) -> str:
    name = target.name
    if missing := re.search(r"No module named '([\w.]+)'", error):
        package = missing.group(1).partition(".")[0]
        return f"This Python has no `{package}`: give the one that has it with --python PATH."
    if unset := re.search(r"NameError: name '(\w+)' is not defined", error):
        return f"`{unset.group(1)}` exists only while the script runs: pass it to `{name}` as a parameter."
    if unknown := re.search(r"has no attribute '(\w+)'", error):
        return f"Nothing in the file tells what gives `{unknown.group(1)}`: a default for it would be used."
    if "huggingface.co" in error:
        return (
            "Nothing is downloaded: give the model by its configuration (`Model(Config())`) "
            "in a recipe ([[tool.modereview.recipe]])."
        )
    if "SimpleNamespace' object is not" in error:
        said = f"What stands in for the options of `{name}` does not do"
        return f"{said}: give them in a recipe ([[tool.modereview.recipe]])."
    if re.search(r"FileNotFoundError|No such file", error):
        return f"`{name}` reads a file that is not there: let it take its data as a parameter."
    if "no model of this file" in error:
        return "Build one in this file, under `if __name__`, or give a recipe ([[tool.modereview.recipe]])."
    return _general_hint(target)


def _general_hint(target: Target) -> str:
    name = target.name
    recipe = "or give a recipe ([[tool.modereview.recipe]])"
    if target.kind == "module":
        return f"Call `{name}` once with sizes written out, as in `torch.randn(4, 20)`, {recipe}."
    return f"Nothing in the file tells what `{name}` is given: call it once with sizes written out, {recipe}."
