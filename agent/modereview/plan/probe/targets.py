"""Module targets: the first way to build a class for which inputs are found."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import nn

from .build import GIVEN, Build, builds
from .guesses import Guess
from .inputs import Found, NotFound, attempt, search
from .limits import Deadline, OutOfTime, one_line, seconds
from .machine import adapted, needed
from .repair import Stop

_BUILD_SECONDS = 4.0


def reach(
    subject: dict[str, Any],
    space: dict[str, Any],
    shapes: list[dict[str, Any]],
    limit: float,
    known: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The recipe of a module as JSON; {"error", "tried"} where none was found.

    `known` are globals that exist only while the script runs, as code: those that a class misses are bound.
    """
    deadline = Deadline.after(0.9 * limit)
    bound: dict[str, str] = {}
    while True:
        found = _reach(subject, space, shapes, deadline)
        missing = re.search(r"NameError: name '(\w+)' is not defined", str(found.get("error")))
        name = missing.group(1) if missing else ""
        if name not in (known or {}) or name in bound or deadline.passed:
            return {**found, "globals": [{"name": n, "code": c} for n, c in bound.items()]}
        bound = {name: (known or {})[name], **bound}
        try:
            setattr(space["script"], name, eval(bound[name], space))
        except Exception:
            return found


def _reach(
    subject: dict[str, Any], space: dict[str, Any], shapes: list[dict[str, Any]], deadline: Deadline
) -> dict[str, Any]:
    tried, error, trials = 0, "nothing to try", list[str]()
    for build in builds(subject, space.get("script")):
        try:
            model = _built(build, space)
            if subject.get("inputs") is not None:
                found = _as_given(model, subject["inputs"])
            else:
                found = _as_captured(model, subject) or search(model, shapes, _share(deadline))
        except NotFound as failure:
            tried, error = tried + failure.tried, f"{build.code}: {failure}"
        except (Exception, SystemExit, OutOfTime) as failure:
            tried, error = tried + 1, f"{build.code}: {one_line(failure)}"
        else:
            return {**_recipe(build, found, tried), "trials": trials}
        trials.append(error)
        if deadline.passed:
            break
    return {"error": error, "tried": tried, "trials": trials}


def _as_given(model: nn.Module, codes: list[str]) -> Found:
    """The inputs that the user gives. Raises NotFound where the model does not take them."""
    inputs = tuple(_given(code) for code in codes)
    result = attempt(model, inputs)
    if isinstance(result, Stop):
        raise NotFound(f"the inputs given in pyproject.toml: {result.words()}", 1)
    return Found(inputs, result, 1)


def _as_captured(model: nn.Module, subject: dict[str, Any]) -> Found | None:
    """The inputs that the script's own run gave, where that is known and the model takes them."""
    inputs = inputs_of({"inputs": (subject.get("captured") or {}).get("inputs") or ()})
    result = attempt(model, tuple(inputs)) if inputs else None
    return Found(tuple(inputs), result, 1) if isinstance(result, tuple) else None


def _given(code: str) -> Guess:
    value = eval(code, {"torch": torch, "nn": nn})
    shape = tuple(value.shape) if isinstance(value, torch.Tensor) else ()
    return Guess(shape, GIVEN, text=code)


def _share(deadline: Deadline) -> Deadline:
    """Half of what is left, so that the next way to build is tried as well."""
    return Deadline.after(deadline.left / 2)


def _built(build: Build, space: dict[str, Any]) -> nn.Module:
    try:
        with seconds(_BUILD_SECONDS):
            model = eval(build.code, space)
    except Exception as error:
        if adapted(one_line(error)):
            return _built(build, space)
        raise
    if not isinstance(model, nn.Module):
        raise TypeError(f"is a {type(model).__name__}, not a module")
    return model


def _recipe(build: Build, found: Found, tried: int) -> dict[str, Any]:
    codes = ", ".join(g.code() for g in found.inputs)
    return {
        "model": {"code": build.code, "why": build.why},
        "inputs": [vars(g) for g in found.inputs],
        "code": f"({codes},)" if len(found.inputs) == 1 else f"({codes})",
        "why": "; ".join(dict.fromkeys(g.why for g in found.inputs)),
        "output": list(found.output),
        "tried": tried + found.tried,
        "instead": needed(),
    }


def inputs_of(recipe: dict[str, Any]) -> list[Guess]:
    """The inputs of a recipe, back from JSON."""
    return [Guess(**{**g, "shape": tuple(g["shape"])}) for g in recipe["inputs"]]
