"""Models for functions that are given theirs from outside of the file.

What a function does to the mode of one model it does to that of any: a small one shows it as well. It holds
a batch norm and a dropout, so that a forward in the wrong mode has consequences. Where plain layers do not
do, `AnyModel` of the test file takes all that a function gives, and gives what it reads.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from .guesses import IMAGES, LENGTH, ROWS, Guess
from .sizes import namespace

_WHY = "a stand-in: the file is given its model from outside"
_MODELS = (  # (expression, inputs, shape of the output)
    (
        "nn.Sequential(nn.Flatten(), nn.Linear(3072, 10), nn.BatchNorm1d(10), nn.Dropout())",
        Guess((4, 3, 32, 32), "small images"),
        [4, 10],
    ),
    (
        "nn.Sequential(nn.Linear(16, 1), nn.BatchNorm1d(1), nn.Dropout())",
        Guess((4, 16), "a few features"),
        [4, 1],
    ),
)
STAND_INS: dict[str, Any] = {}  # by their names in the test file

_SMALL_IMAGES = Guess((IMAGES, 3, 32, 32), "small images")
_FEATURES = Guess((ROWS, 16), "a few features")
_SEQUENCES = Guess((IMAGES, LENGTH, 3), "short sequences")
_TOKENS = Guess((IMAGES, LENGTH), "a few tokens", high=10)
_SCORES = (  # (what it makes of its ten scores a sample, inputs, shape of the output)
    ("scores", _SMALL_IMAGES, [IMAGES, 10]),
    ("scores[..., None, None].expand(-1, -1, *data.shape[-2:])", _SMALL_IMAGES, [IMAGES, 10, 32, 32]),
    ("scores", _FEATURES, [ROWS, 10]),
    ("scores[:, :1]", _FEATURES, [ROWS, 1]),
    ("scores", _TOKENS, [IMAGES, 10]),
    ("scores[:, None].expand(-1, data.shape[1], -1)", _TOKENS, [IMAGES, LENGTH, 10]),
    ("(data * scores.mean())", _SMALL_IMAGES, list(_SMALL_IMAGES.shape)),
    ("scores", _SEQUENCES, [IMAGES, 10]),
)


def known(names: dict[str, Any]) -> None:
    """Take what stands in out of the text that the test file will hold."""
    STAND_INS.update({name: names[name] for name in ("AnyData", "AnyModel", "Options", "any_loss")})


def pliable_models(gives: list[str]) -> list[dict[str, Any]]:
    """Recipes of models that take anything; `gives` says what is read of their output (`{scores}`)."""
    return [
        {
            "model": {"code": _any(form, scores), "why": _WHY},
            "inputs": [vars(data)],
            "why": data.why,
            "output": shape,
        }
        for form in gives
        for scores, data, shape in _SCORES
    ]


def any_codes(gives: list[str]) -> list[str]:
    """Models that take anything, each with scores of another shape."""
    return list(dict.fromkeys(_any(form, scores) for form in gives for scores, _, _ in _SCORES))


def _any(form: str, scores: str) -> str:
    given = form.format(scores=scores)
    return "AnyModel()" if given == "scores" else f"AnyModel(lambda scores, data: {given})"


def with_parts(code: str, attributes: dict[str, str | None]) -> str:
    """A model that takes anything, with the parts that are read of it: `model.fc.in_features`."""
    if not code.startswith("AnyModel("):
        return code
    read = [
        name for name, text in attributes.items() if "." not in name and text is None and name != "module"
    ]
    parts = [f"{name}={_part(name, attributes)}" for name in read if not hasattr(nn.Module(), name)]
    given = [code[len("AnyModel(") : -1], *parts]
    return f"AnyModel({', '.join(filter(None, given))})"


def _part(name: str, attributes: dict[str, str | None]) -> str:
    """A layer; an object, where numbers are read of it."""
    below = [n.removeprefix(f"{name}.") for n in attributes if n.startswith(f"{name}.")]
    sizes = [n for n in below if attributes[f"{name}.{n}"] is None and not hasattr(nn.Module(), n)]
    return namespace(dict.fromkeys(sizes, "16")) if sizes else "nn.Identity()"


def anyones_models() -> list[dict[str, Any]]:
    """Recipes of models that any file may be given: a classifier of images, a regression of features."""
    return [
        {"model": {"code": code, "why": _WHY}, "inputs": [vars(inputs)], "why": inputs.why, "output": output}
        for code, inputs, output in _MODELS
    ]
