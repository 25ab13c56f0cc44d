"""The door of the probe: load the script once, then reach each target in a child of its own."""

from __future__ import annotations

import functools
import tempfile
import time
import types
import unittest.mock
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import drives, targets
from .limits import OutOfTime, in_children, one_line, seconds

_LOAD_SECONDS = 10.0

Json = dict[str, Any]


def main(request: Json) -> Json:
    """{"modules": {name: recipe or error}, "scenarios": {name: recipe or error}}, or {"load_error": ...}."""
    deadline = time.monotonic() + request["seconds"]
    torch.manual_seed(0)  # the same file gives the same recipes
    try:
        script = _load(request)
    except (Exception, SystemExit, OutOfTime) as error:
        return {"load_error": one_line(error)}
    space = {
        "torch": torch,
        "nn": nn,
        "types": types,
        "unittest": unittest,
        "tempfile": tempfile,
        "script": script,
    }
    limit = float(request["target_seconds"])
    modules = _modules(request, space, _within(limit, deadline))
    recipes = {name: r for name, r in modules.items() if "error" not in r}
    return {"modules": modules, "scenarios": _scenarios(request, recipes, space, limit, deadline)}


def _load(request: Json) -> types.ModuleType:
    names: Json = {}
    exec(compile(request["loader"], "loader", "exec"), names)
    with seconds(_LOAD_SECONDS):
        script: types.ModuleType = names["load_script"](Path(request["script"]).absolute())
    return script


def _modules(request: Json, space: Json, limit: float) -> dict[str, Json]:
    work = [
        (s["name"], functools.partial(targets.reach, s, space, request["shapes"], limit))
        for s in request["subjects"]
    ]
    found = in_children(work, limit)
    return {s["name"]: found[s["name"]] for s in request["subjects"]}


def _scenarios(
    request: Json, recipes: dict[str, Json], space: Json, limit: float, deadline: float
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


def _within(limit: float, deadline: float) -> float:
    return max(min(limit, deadline - time.monotonic()), 0.5)
