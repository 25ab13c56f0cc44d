"""The door of the probe: load the script once, then reach each target in a child of its own."""

from __future__ import annotations

import functools
import itertools
import os
import tempfile
import types
import unittest.mock
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import anyone, drives, machine, rehearsal, targets
from .absent import downloads, from_root, named, rooted
from .limits import Deadline, OutOfTime, in_children, one_line, seconds

_LOAD_SECONDS = 10.0

Json = dict[str, Any]


def main(request: Json) -> Json:
    """{"modules": {name: recipe or error}, "scenarios": {name: recipe or error}}, or {"load_error": ...}."""
    deadline = Deadline.after(request["seconds"] * (os.cpu_count() or 1))
    torch.manual_seed(0)  # the same file gives the same recipes
    absent: list[str] = []
    try:
        script = _load(request, absent)
    except (Exception, SystemExit, OutOfTime) as error:
        answer: Json = {"load_error": one_line(error), "absent": absent}
        if request["load"] == "definitions":  # the last way to load it: what is left is to run it
            answer["rehearsal"] = _rehearsed(request, {}, absent, {})
            answer["instead"] = _instead(answer["rehearsal"])
        return answer
    space = {
        **anyone.STAND_INS,
        "torch": torch,
        "nn": nn,
        "types": types,
        "unittest": unittest,
        "tempfile": tempfile,
        "itertools": itertools,
        "script": script,
    }
    limit = float(request["target_seconds"])
    modules = _modules(request, space, _within(limit, deadline))
    recipes = {name: r for name, r in modules.items() if "error" not in r}
    scenarios = _scenarios(request, recipes, space, limit, deadline)
    own_run = _rehearsed(request, recipes, absent, scenarios)
    modules |= _captured(request, space, modules, own_run, limit)
    return {
        "modules": modules,
        "scenarios": scenarios,
        "rehearsal": own_run,
        "absent": absent,
        "rooted": rooted(),
        "weightless": downloads(),
        "instead": _instead(*modules.values(), *scenarios.values(), own_run),
    }


def _load(request: Json, absent: list[str]) -> types.ModuleType:
    """The script's module. Packages that are not installed are replaced by mocks, and noted in `absent`."""
    names: Json = {}
    path = Path(request["script"]).absolute()
    exec(compile(request["loader"], "loader", "exec"), names)
    names["without_weights"]()
    machine.known(names)
    anyone.known(names)
    with seconds(_LOAD_SECONDS):
        while True:
            names["stand_in_for"](*absent)
            try:
                script: types.ModuleType = names["load_script"](path)
            except (Exception, SystemExit) as error:
                if machine.adapted(one_line(error)):
                    continue
                name = named(error)
                if name is None or name in absent:
                    raise
                if not from_root(name):
                    absent.append(name)
            else:
                return script


def _instead(*recipes: Json) -> list[str]:
    """What the machine has not and some recipe needs, by the names of their stand-ins."""
    needed = {*machine.needed(), *(name for recipe in recipes for name in recipe.get("instead", ()))}
    return sorted(needed)


def _rehearsed(request: Json, recipes: dict[str, Json], absent: list[str], scenarios: Json) -> Json:
    """The script's own run, for the lines that no scenario drives. It has its own time: it comes last."""
    covered = {
        f
        for s in request["scenarios"]
        if "error" not in scenarios.get(s["name"], {"error": ""})
        for f in s["covers"]
    }
    job = request["rehearsal"]
    sites = [s for s in job["sites"] if not covered.issuperset(s["functions"])]
    if not sites:
        return {"error": "", "tried": 0}
    job = {
        **job,
        "sites": sites,
        "path": str(Path(request["script"]).absolute()),
        "shapes": request["shapes"],
    }
    work = functools.partial(rehearsal.reach, job, recipes, absent, request["rehearsal_seconds"])
    limit = request["rehearsal_seconds"] + 15
    return in_children([("rehearsal", work)], limit)["rehearsal"]


def _modules(request: Json, space: Json, limit: float) -> dict[str, Json]:
    work = [
        (s["name"], functools.partial(targets.reach, s, space, request["shapes"], limit, request["globals"]))
        for s in request["subjects"]
    ]
    found = in_children(work, limit)
    return {s["name"]: found[s["name"]] for s in request["subjects"]}


def _captured(
    request: Json, space: Json, modules: dict[str, Json], own_run: Json, limit: float
) -> dict[str, Json]:
    """Recipes of classes that were missed, as the script's own run built and called them."""
    captured = own_run.pop("captured", None) or {"classes": {}, "globals": {}}
    known = {**captured["globals"], **request["globals"]}
    subjects = [
        {**s, "captured": captured["classes"][s["name"]]}
        for s in request["subjects"]
        if "error" in modules[s["name"]] and s["name"] in captured["classes"]
    ]
    work = [
        (s["name"], functools.partial(targets.reach, s, space, request["shapes"], limit, known))
        for s in subjects
    ]
    return {name: found for name, found in in_children(work, limit).items() if "error" not in found}


def _scenarios(
    request: Json, recipes: dict[str, Json], space: Json, limit: float, deadline: Deadline
) -> dict[str, Json]:
    """In waves: what a reached scenario drives already is not driven again."""
    done: dict[str, Json] = {}
    waiting = list(request["scenarios"])
    while waiting:
        ready = [s for s in waiting if all(name in done for name in s["unless"])] or waiting
        waiting = [s for s in waiting if s not in ready]
        covered = [s["name"] for s in ready if any("error" not in done[n] for n in s["unless"] if n in done)]
        done.update((name, {"error": "", "tried": 0}) for name in covered)
        seconds_each = _within(limit, deadline)
        work = [
            (s["name"], functools.partial(drives.reach, s, recipes, space, seconds_each))
            for s in ready
            if s["name"] not in covered
        ]
        done.update(in_children(work, seconds_each))
    return done


def _within(limit: float, deadline: Deadline) -> float:
    return max(min(limit, deadline.left), 0.5)
