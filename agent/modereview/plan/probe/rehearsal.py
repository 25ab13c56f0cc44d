"""The search for a script's own run: what fails is changed, step by step, until its models are seen."""

from __future__ import annotations

import ast
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import messages
from .attempt import arguments, attempt
from .certain import certain
from .changes import State
from .choices import choices, larger, of_inputs, recipe_of, tiny
from .elsewhere import made_elsewhere
from .guesses import Guess
from .limits import Deadline
from .machine import MACHINE, needed
from .repairs import (
    entered,
    given_data,
    in_training,
    repaired,
    with_arrays,
    with_loaders,
    without_mocks,
)
from .sooner import later, oftener
from .typing_in import retyped
from .worlds import lived_in

_STUBBORN = 5  # choices that a model from elsewhere refuses, before one stands in that takes anything
_REFUSED = 14  # choices that stop at one line, before something else is changed
_LAST_SECONDS = 8.0  # for a run that is left before what fails
_SIZES = re.compile(r"size|shape|batch|match|dimension", re.IGNORECASE)

Json = dict[str, Any]


def reach(job: Json, recipes: dict[str, Json], absent: list[str], limit: float) -> Json:
    """The changes with which the script's run shows its forwards; {"error", "tried"} where none did."""
    deadline = Deadline.after(limit)
    fixed = tuple((c["name"], c["code"]) for c in job["fixed"])
    sizes = tuple(job["batch_sizes"])
    state = State(fixed, choices=tuple(choices(job, recipes)), absent=tuple(absent), sizes=sizes)
    state = replace(state, typed=tuple(job["arguments"]), files=tuple(job["files"]))
    state = replace(state, instead=tuple(needed()))
    best: Json = {"error": "nothing to try"}
    tree = ast.parse(Path(job["path"]).read_bytes())
    trials: list[str] = []
    captured: Json = {}
    late: tuple[int, State] | None = None
    for tried in itertools.count(1):
        answer = attempt(job, state, deadline)
        trials.append(f"{state.told()}: {answer.get('error') or _amount(answer['seen'])}")
        captured = answer.get("captured") or captured
        complete = not answer.get("error") and not _unseen(job, answer)
        if not answer.get("error") and len(answer["seen"]) > len(best.get("seen", ())):
            best = {**_found(job, state), **_shown(answer), "tried": tried}
        if answer.get("error") and len(answer["seen"]) > (late[0] if late else 0) and answer["count"] > 1:
            late = len(answer["seen"]), replace(state, most=answer["count"])
        following = None if complete else _next(job, tree, state, answer)
        if following is None or deadline.passed:
            break
        state = following
    if late and late[0] > len(best.get("seen", ())):
        best = _left(job, late[1], best, trials)
    if not best.get("seen"):
        error = answer.get("error") or "no line of it that trains or evaluates was seen"
        best = {"error": error, "tried": tried}
    return {**best, "trials": trials, "captured": captured}


def _left(job: Json, state: State, best: Json, trials: list[str]) -> Json:
    """The run left before what fails, where that shows more than the best that ends well."""
    answer = attempt(job, state, Deadline.after(_LAST_SECONDS))
    trials.append(f"left after {state.most} forwards: {answer.get('error') or _amount(answer['seen'])}")
    if answer.get("error") or len(answer["seen"]) <= len(best.get("seen", ())):
        return best
    return {**_found(job, state), **_shown(answer), "tried": len(trials)}


def _amount(seen: list[Any]) -> str:
    return f"{len(seen)} of its lines ran a model" if seen else "ran to its end, and no model was called"


def _found(job: Json, state: State) -> Json:
    why = str(state.choice.model["why"])
    reasons = {c["name"]: c["why"] for c in job["fixed"]} | {key: why for key, _ in state.slots}
    changes = [
        {"name": k, "code": c, "why": reasons.get(k, "")} for k, c in (state.all_changes() or {}).items()
    ]
    return {
        "changes": changes,
        "arguments": arguments(job, state),
        "files": list(state.files),
        "most": state.most,
        "absent": list(state.absent),
        "instead": list(state.instead),
    }


def _shown(answer: Json) -> Json:
    return {name: answer[name] for name in ("seen", "through")}


def _unseen(job: Json, answer: Json) -> list[str]:
    """The lines whose forwards did not run, or ran untrained where they should train."""
    seen = {(text, trained) for text, trained in answer["seen"]}
    return [
        s["text"]
        for s in job["sites"]
        if ("train" in s["roles"] and (s["text"], True) not in seen)
        or (set(s["roles"]) - {"train"} and (s["text"], False) not in seen)
    ]


def _next(job: Json, tree: ast.Module, state: State, answer: Json) -> State | None:
    """The state after what was learned from an attempt; None where there is nothing left to try."""
    error = answer.get("error", "")
    if (absent := answer.get("absent")) and absent not in state.absent:
        return replace(state, absent=(*state.absent, absent))
    if (name := answer.get("file")) and name not in state.files:
        return replace(state, files=(*state.files, name))
    if answer["kind"] == "choice":
        return state.first_fitting()
    if error.startswith("SystemExit: ") and (words := retyped(state.typed, error)):
        return replace(state, typed=words)
    if not error:
        unseen = [site for site in job["sites"] if site["text"] in _unseen(job, answer)]
        more = later(tree, state, unseen) or with_loaders(job, tree, state) or entered(job, tree, state)
        return more or oftener(tree, state, unseen)
    if answer["kind"] == "time":
        return _faster(job, tree, state)
    if lived := lived_in(tree, state, error):
        return lived
    told = _as_told(job, tree, state, answer)
    if told is not None:
        return told
    if sure := certain(tree, state, answer):
        return sure
    wanted = (each.name for each in MACHINE if each.wanted(error) and each.name not in state.instead)
    if name := next(wanted, None):
        return replace(state, instead=(*state.instead, name))
    line = answer["frames"][-1] if answer["frames"] else 0
    state = replace(state, stop=line, refused=state.refused + 1 if line == state.stop else 0)
    if answer["kind"] == "forward" and state.refused >= _STUBBORN:
        made = made_elsewhere(job, tree, state, answer)
    else:
        made = None
    other = made or _other_data(job, tree, state, answer) or repaired(job, tree, state, answer)
    return other or made_elsewhere(job, tree, state, answer)


def _faster(job: Json, tree: ast.Module, state: State) -> State | None:
    """Batches as small as the stand-ins, and then the least there is; None where that was too slow."""
    if not state.small:
        return replace(with_loaders(job, tree, state) or state, small=True)
    return None if state.tiny else replace(state, tiny=True, choices=tuple(map(tiny, state.choices)))


def _as_told(job: Json, tree: ast.Module, state: State, answer: Json) -> State | None:
    """The state that the error's own words ask for; None where they do not tell, or that was done."""
    error = answer["error"]
    if messages.nothing_came(error) and (filled := with_loaders(job, tree, state)):
        return filled
    if "MagicMock" in error and (solid := without_mocks(state, tree, answer["frames"])):
        return solid
    if messages.more_wanted(error) and state.slots and not state.large:
        return replace(state, large=True, choices=tuple(map(larger, state.choices)))
    inside = answer["kind"] in ("forward", "loss")
    parts = 0 if inside else messages.parts_wanted(error)
    if parts and state.slots and parts not in state.parts:
        return replace(state.with_data(unpacked=parts), parts=(*state.parts, parts))
    if messages.wants_array(error) and (arrays := with_arrays(state, tree, answer["frames"])):
        return arrays
    fewer = messages.fewer_wanted(error)
    if not state.small and (fewer or state.slots) and (fewer or _SIZES.search(error)):
        return replace(state, small=True)
    if fewer and not state.tiny:
        return replace(state, tiny=True, choices=tuple(map(tiny, state.choices)))
    given = state.choice.inputs[0].shape[1:] if state.choice.inputs else ()
    sample = () if answer.get("found") else messages.sample_wanted(error, given)
    if sample and given and given != sample:
        rows, why = state.choice.rows, "the shape that the script views it in"
        inputs = (Guess((rows, *sample), why), *state.choice.inputs[1:])
        return replace(state, choices=tuple(of_inputs(job, state.choice.model, inputs)), chosen=0)
    return None


def _other_data(job: Json, tree: ast.Module, state: State, answer: Json) -> State | None:
    """Other data where a model, a loss or the loop that trains refused those at hand."""
    error, kind = answer["error"], answer["kind"]
    if "StandIn" in error:  # of a package that is not installed, whatever the data
        return None
    if kind == "forward" and answer.get("found") and not state.searched:
        found = tuple(choices(job, {"": recipe_of(answer["found"])}))
        return replace(state, choices=found, chosen=0, searched=True)
    of_data = kind == "forward" and not messages.of_code(error)
    if of_data and (given := given_data(job, tree, state, answer["frames"])):
        return given
    of_data = bool(kind) or in_training(job, tree, answer["frames"])
    # What fails outside of models and losses when a step was made is about metrics and pictures.
    later = not kind and any(trained for _, trained in answer["seen"])
    enough = state.refused >= _REFUSED or (state.means and kind != "forward")
    if not state.slots or enough or later or not of_data or (not kind and messages.of_code(error)):
        return None
    refused = "inputs" if kind == "forward" and not re.search("target|label", error) else "target"
    if refused == "target" and answer["ways"]:
        state = _with_these_inputs(state)
    return _advanced(_reshaped(state, answer.get("output")), refused, messages.targets_wanted(error))


def _with_these_inputs(state: State) -> State:
    """Only choices with the inputs that a model took."""
    kept = [c for c in state.choices if c.inputs == state.choice.inputs]
    return replace(state, choices=tuple(kept), chosen=kept.index(state.choice))


def _advanced(state: State, what: str, wanted: tuple[str, ...] = ()) -> State | None:
    """The next choice that differs in what was refused; of the wanted kinds of targets, where some are."""
    now = getattr(state.choice, what), state.choice.structure, state.choice.maker
    for index in range(state.chosen + 1, len(state.choices)):
        other = replace(state, chosen=index)
        if wanted and other.choice.target not in wanted:
            continue
        named = getattr(other.choice, what), other.choice.structure, other.choice.maker
        if named != now and other.all_changes() is not None:
            return other
    return None


def _reshaped(state: State, output: Any) -> State:
    """Choices whose targets suit the output that was really seen."""
    known = list(output or [])
    if not known or known[0] % state.choice.rows or known == list(state.choice.model["output"]):
        return state
    choices = tuple(replace(c, model={**c.model, "output": known}) for c in state.choices)
    return replace(state, choices=choices)
