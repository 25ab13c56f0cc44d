"""Scenarios: values with which the user's own functions run, found by running them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .anyone import anyones_models, pliable_models, with_parts
from .build import GIVEN
from .guesses import IMAGES_BY_SIZE, Guess
from .limits import Deadline, OutOfTime, one_line
from .machine import adapted, needed
from .refusing import instead
from .sizes import number
from .standins import Choice, code_of, tasks
from .targets import inputs_of
from .watch import run

REFUSED = "it refuses stand-ins, and what it gives is not looked at"
NO_MODEL = "no model of this file could be built"
_TRIES = 300  # a way
_PLAIN = 40  # of these with a model of plain layers, before one that takes anything
_PLAIN_SHARE = 0.5  # of the time, for the same
_LIKED = 3  # kinds of targets for those
_OFTEN = 6  # trials that end alike, before what refuses them is replaced
_FIRST_SHARE = 0.6  # of the time, for the preferred way
_ORDER = ("model", "loader", "dataset", "batch", "input", "target", "criterion", "optimizer")
_LACKING = re.compile(r"'(?:TensorDataset|AnyData)' object has no attribute '(\w+)'")
_MISSING = re.compile(r"'(?:types.SimpleNamespace|Options)' object has no attribute '(\w+)'")

Json = dict[str, Any]


def reach(scenario: Json, recipes: dict[str, Json], space: Json, limit: float) -> Json:
    """The recipe of a scenario as JSON; {"error", "tried"} where none was found."""
    whole, errors, tried = Deadline.after(0.9 * limit), Counter[str](), 0
    for place, way in enumerate(scenario["ways"]):
        last = place + 1 == len(scenario["ways"])
        search = _Search(way, scenario, space, whole if last else Deadline.after(_FIRST_SHARE * limit))
        for choice in _choices(way, scenario, recipes, Deadline.after(_PLAIN_SHARE * search.deadline.left)):
            answer = search.attempt(choice)
            if answer is not None:
                trials = _trials(errors + search.errors)
                found = {"patched": [name for name, _ in search.replaced], "number": place}
                return {**answer, **found, "tried": tried + search.tried, "trials": trials}
            if search.exhausted:
                break
        tried += search.tried
        errors.update(search.errors)
    error = errors.most_common(1)[0][0] if errors else NO_MODEL
    return {"error": error, "tried": tried, "trials": _trials(errors)}


def _trials(errors: Counter[str]) -> list[str]:
    return [f"{count} times: {told}" for told, count in errors.most_common()]


@dataclass
class _Search:
    """The trials of one way: what was tried, what went wrong, what options and data needed."""

    way: Json
    scenario: Json
    space: Json
    deadline: Deadline
    tried: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    attributes: tuple[tuple[str, str | None], ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    wrapped: bool = False
    replaced: tuple[tuple[str, str], ...] = ()  # globals of the script that refuse stand-ins

    @property
    def exhausted(self) -> bool:
        """Whether to give this way up."""
        return self.tried >= _TRIES or self.deadline.passed

    def attempt(self, choice: Choice) -> Json | None:
        """Run a choice, again with each attribute that the parsed arguments lacked; None where it fails."""
        while not self.exhausted:
            values = _values(
                self.way, replace(choice, attributes=self.attributes, more=self.more), self.wrapped
            )
            if values is None:
                return None
            values += [{"name": name, "code": code, "why": REFUSED} for name, code in self.replaced]
            if (key := repr(values)) in self.seen:
                return None
            self.seen.add(key)
            self.tried += 1
            try:
                patches = [*self.way["patches"], *(name for name, _ in self.replaced)]
                watch = run({**self.way, "patches": patches}, values, self.space)
                return {"watch": watch, "values": values, "instead": needed()}
            except (Exception, SystemExit, OutOfTime) as failure:
                error, stand_in = one_line(failure), self._stand_in(failure)
            if adapted(error):
                self.seen.remove(key)
                continue
            self.errors[error] += 1
            if error.endswith("object has no attribute 'module'") and not self.wrapped:
                self.wrapped = True  # the functions are written for nn.DataParallel
                continue
            if missing := _MISSING.search(error):
                self.attributes += ((missing.group(1), None),)
            elif (lacking := _LACKING.search(error)) and lacking.group(1) not in dict(self.more):
                self.more += ((lacking.group(1), self._read(lacking.group(1))),)
            elif stand_in and self.errors[error] >= _OFTEN:
                self.replaced += (stand_in,)
            else:
                return None
        return None

    def _read(self, name: str) -> str:
        """What the data may have by that name: a size, or a method that gives one."""
        value = number(name) or "1.0"
        called = f".{name}(" in Path(self.space["script"].__file__).read_text(errors="replace")
        return f"unittest.mock.MagicMock(return_value={value})" if called else value

    def _stand_in(self, failure: BaseException) -> tuple[str, str] | None:
        """What could replace the helper of the script that failed, if one did."""
        running, lines = self.scenario["running"], self.scenario["lines"]
        found = instead(failure, self.space["script"], running, lines)
        return found if found and found[0] not in dict(self.replaced) else None


def _choices(way: Json, scenario: Json, recipes: dict[str, Json], plain_ends: Deadline) -> Iterator[Choice]:
    """Points of the search, likeliest first."""
    slots = [s for s in way["slots"] if s["kind"] == "criterion"]
    criteria = [s["code"] for s in slots[:1]] if slots else [""]
    plain = _of_models(_models(way, recipes), scenario["losses"], criteria)
    if _from_elsewhere(way):
        first = itertools.islice(plain, _PLAIN)
        yield from itertools.takewhile(lambda _: not plain_ends.passed, first)
        yield from _taking_anything(scenario, [*filter(None, criteria)])
    yield from plain


def _of_models(models: list[Json], losses: list[str], criteria: list[str | None]) -> Iterator[Choice]:
    for recipe in models:
        each = variants(tuple(inputs_of(recipe)))
        for inputs, structure, maker in itertools.product(each, range(4), ("randn", "rand")):
            for criterion, target in tasks(losses, criteria):
                yield Choice(recipe, inputs, maker, target, criterion, structure)


def _taking_anything(scenario: Json, criteria: list[str]) -> Iterator[Choice]:
    """Models from elsewhere that take whatever they are given, and losses that do so as well."""
    for recipe in pliable_models(scenario["gives"]):
        liked = list(dict.fromkeys(target for _, target in tasks(scenario["losses"], [""])))[:_LIKED]
        for target, structure in itertools.product(liked, range(4)):
            for criterion in (*criteria, "any_loss"):
                yield Choice(recipe, tuple(inputs_of(recipe)), "randn", target, criterion, structure)


def variants(inputs: tuple[Guess, ...]) -> list[tuple[Guess, ...]]:
    """The inputs as found; without sides of 1, or as images, where the function itself reshapes them."""
    squeezed = tuple(replace(g, shape=(*g.shape[:1], *(s for s in g.shape[1:] if s != 1))) for g in inputs)
    images = tuple(
        replace(
            g, shape=(*g.shape[:1], *IMAGES_BY_SIZE.get(g.shape[-1] if len(g.shape) == 2 else 0, g.shape[1:]))
        )
        for g in inputs
    )
    return list(dict.fromkeys((inputs, images, squeezed)))


def _models(way: Json, recipes: dict[str, Json]) -> list[Json]:
    """The module that the caller passes, else every one that was reached, whole models before their parts.

    Where the file tells of none, anyone's.
    """
    slots = [s for s in way["slots"] if s["kind"] == "model"]
    if any(s["subject"] and s["subject"] not in recipes for s in way["slots"]):
        return []
    wanted = dict.fromkeys(n for s in slots if (n := s["subject"] or s["code"]) in recipes)
    if wanted:  # what goes into the first may have to suit another
        return [recipes[name] for name in wanted]
    return [*list(recipes.values())[::-1], *(anyones_models() if slots else ())]


def _from_elsewhere(way: Json) -> bool:
    """Whether the models that the functions are given have no class in the file."""
    slots = [s for s in way["slots"] if s["kind"] == "model"]
    return bool(slots) and not any(s["subject"] or s["given"] for s in slots)


def _values(way: Json, choice: Choice, wrapped: bool = False) -> list[Json] | None:
    """The named expressions of a recipe, each seeing those before it; None where the choice does not fit."""
    slots = sorted(way["slots"], key=_place)
    models = [s["name"] for s in slots if s["kind"] == "model"]
    built = [s["code"] for s in slots if s["kind"] == "model"]
    found: list[Json] = []
    for slot in slots:
        code = slot["given"] or (
            _model_code(slot, choice, built) if slot["kind"] == "model" else code_of(slot, choice, models)
        )
        if code is None:
            return None
        if wrapped and slot["kind"] == "model" and not slot["given"]:
            code = f"nn.DataParallel({code})"
        found.append({"name": slot["name"], "code": code, "why": _why(slot, choice)})
    return [*found, *way["objects"]]


def _place(slot: Json) -> int:
    return _ORDER.index(slot["kind"]) if slot["kind"] in _ORDER else len(_ORDER)


def _model_code(slot: Json, choice: Choice, built: list[str | None]) -> str:
    """The model that was found; for a second model of the scenario, what the caller passes."""
    chosen: str = choice.model["model"]["code"]
    subject = slot["subject"]
    another = slot["code"] is not None and chosen in built and chosen != slot["code"]
    other = another if subject is None else not chosen.startswith(f"script.{subject}(")
    return str(slot["code"]) if other else with_parts(chosen, slot["attributes"])


def _why(slot: Json, choice: Choice) -> str:
    if slot["given"]:
        return GIVEN
    if slot["kind"] == "model":
        return str(choice.model["model"]["why"])
    return str(choice.model["why"]) if slot["kind"] in ("loader", "dataset", "batch", "input") else ""
