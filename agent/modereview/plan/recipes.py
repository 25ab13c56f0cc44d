"""What the probe found, as records: recipes, and targets that nothing reached with what the user can do."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from modereview.plan.targets import Scenario
from modereview.records import Recipe, Target, Unreached, Value

Json: TypeAlias = dict[str, Any]


def module_recipe(target: Target, found: Json) -> Recipe | Unreached:
    """The recipe of a module class."""
    if "error" in found:
        return unreached(target, found)
    model = Value("model", found["model"]["code"], found["model"]["why"])
    return Recipe(target, (model, Value("inputs", found["code"], found["why"])), tried=found["tried"])


def scenario_recipe(scenario: Scenario, found: Json) -> Recipe | Unreached | None:
    """The recipe of a scenario; None where another one drives the same functions."""
    if found.get("error") == "":
        return None
    if "error" in found:
        return unreached(scenario.target, found)
    way = scenario.ways[found["number"]]
    values = tuple(Value(v["name"], v["code"], v["why"]) for v in found["values"])
    patches = tuple(Value(name, name) for name in way.patches)
    return Recipe(scenario.target, values, way.drives, found["watch"], patches, found["tried"])


def unreached(target: Target, found: Json) -> Unreached:
    """What was tried, the last error, and one sentence of advice."""
    error = str(found["error"])
    return Unreached(target, int(found["tried"]), error, _hint(target, error))


def _hint(target: Target, error: str) -> str:
    name = target.name
    if missing := re.search(r"No module named '([\w.]+)'", error):
        package = missing.group(1).partition(".")[0]
        return f"This Python has no `{package}`: give the one that has it with --python PATH."
    if unset := re.search(r"NameError: name '(\w+)' is not defined", error):
        return f"`{unset.group(1)}` exists only while the script runs: pass it to `{name}` as a parameter."
    if unknown := re.search(r"has no attribute '(\w+)'", error):
        return f"Nothing in the file tells what gives `{unknown.group(1)}`: a default for it would be used."
    if re.search(r"FileNotFoundError|No such file", error):
        return f"`{name}` reads a file that is not there: let it take its data as a parameter."
    if "no model of this file" in error:
        return f"`{name}` is given its model from outside: build one in this file, under `if __name__`."
    if target.kind == "module":
        return f"Call `{name}` once with sizes written out, as in `torch.randn(4, 20)`: they are tried first."
    return f"Nothing in the file tells what `{name}` is given: call it once with the sizes written out."
