"""Data to stand in for what a script reads: which, in what order, and as which expressions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .drives import variants
from .guesses import Guess
from .sizes import number
from .standins import Choice, code_of, deep, samples_of, tasks
from .targets import inputs_of

_BY_NAME = (
    (r"^adj|_adj$|^laplacian", "torch.eye({rows})"),
    (r"edge_index", "torch.randint(0, {rows}, (2, 3 * {rows}))"),
    (r"^(idx|index|indices)|_(idx|index|indices)$", "torch.arange({half})"),
    (r"^(train|val|test)_mask|_mask$", "torch.ones({rows}, dtype=torch.bool)"),
)
MOCK = "MagicMock()"

Json = dict[str, Any]


def choices(job: Json, recipes: dict[str, Json]) -> Iterator[Choice]:
    """Data to stand in, likeliest first: for the models that were reached, else small images."""
    images = {"inputs": [vars(Guess((4, 3, 32, 32), "small images"))], "output": [4, 10]}
    named = [recipes[name] for name in job["classes"] if name in recipes]
    searched = [recipes[""]] if "" in recipes else []  # the inputs of the very model that the script built
    likely = searched or [*(named or list(recipes.values())[::-1])[:2], recipe_of(images)]
    for recipe in likely:
        for inputs in [*variants(tuple(inputs_of(recipe))), *_square(inputs_of(recipe))]:
            yield from of_inputs(job, recipe, inputs)


def of_inputs(job: Json, recipe: Json, inputs: tuple[Guess, ...]) -> Iterator[Choice]:
    """The choices that have these inputs."""
    for structure, maker in itertools.product(range(4), ("randn", "rand")):
        for _, target in tasks(job["losses"], [""]):
            yield Choice(recipe, inputs, maker, target, "", structure)


def recipe_of(found: Json) -> Json:
    """What a search for inputs found, with the reasons for its numbers in one line."""
    return {**found, "why": "; ".join(dict.fromkeys(g["why"] for g in found["inputs"]))}


def tiny(choice: Choice) -> Choice:
    """One batch of two samples."""
    inputs = tuple(
        replace(g, shape=(2, *g.shape[1:])) if g.shape[:1] > (2,) and not g.text else g for g in choice.inputs
    )
    output = [2 * choice.model["output"][0] // choice.rows, *choice.model["output"][1:]]
    return replace(choice, inputs=inputs, batches=1, model={**choice.model, "output": output})


def larger(choice: Choice) -> Choice:
    """Batches of four times as many samples."""
    inputs = tuple(replace(g, shape=(4 * g.shape[0], *g.shape[1:])) if g.shape else g for g in choice.inputs)
    output = [4 * choice.model["output"][0], *choice.model["output"][1:]]
    return replace(choice, inputs=inputs, model={**choice.model, "output": output})


def code(slot: Json, choice: Choice) -> str | None:
    """The expression for a slot, in the words of the script's own run; None where the choice does not fit."""
    if slot.get("nested"):
        codes = [code(part, choice) for part in slot["nested"]]
        return None if None in codes else f"({', '.join(map(str, codes))})"
    if by_name := special(slot["name"]):
        found = by_name.format(rows=choice.rows, half=max(choice.rows // 2, 2))
        return f"{found}.numpy()" if slot.get("array") else found
    plain = slot["kind"] in ("unknown", "count", "epochs") and not slot["attributes"] and not slot["keys"]
    plain = plain and not slot["called"]
    if plain and (known := number(slot["name"])):
        return known
    made = _samples(slot, choice) if slot["kind"] == "dataset" else code_of(slot, choice, [])
    if made is None:
        return None
    found = made.replace("unittest.mock.MagicMock()", MOCK).replace("tempfile.mkdtemp()", "'.'")
    found = found.replace("types.SimpleNamespace", "SimpleNamespace")
    found = re.sub(r"\bscript\.", "", found)  # it is evaluated there
    return f"{found}.numpy()" if slot.get("array") else found


def special(name: str) -> str | None:
    """What stands in for a name that says it all."""
    return next((text for pattern, text in _BY_NAME if re.search(pattern, name)), None)


def _square(inputs: list[Guess]) -> list[tuple[Guess, ...]]:
    """Sequences as long as there are of them: the file may have the steps first."""
    square = tuple(
        replace(g, shape=(g.shape[0], g.shape[0], *g.shape[2:])) if g.high and len(g.shape) == 2 else g
        for g in inputs
    )
    return [] if square == tuple(inputs) else [square]


def _samples(slot: Json, choice: Choice) -> str | None:
    """A dataset: two batches of samples, in a TensorDataset or, where they have names, in a list."""
    if not slot["item_keys"] and not deep(slot):
        return code_of(slot, replace(choice, structure=choice.structure & 2), [])
    return samples_of(slot, choice)
