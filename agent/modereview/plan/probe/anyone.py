"""Models for functions that are given theirs from outside of the file.

What a function does to the mode of one model it does to that of any: a small one shows it as well. It holds
a batch norm and a dropout, so that a forward in the wrong mode has consequences.
"""

from __future__ import annotations

from typing import Any

from .guesses import Guess

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


def anyones_models() -> list[dict[str, Any]]:
    """Recipes of models that any file may be given: a classifier of images, a regression of features."""
    return [
        {"model": {"code": code, "why": _WHY}, "inputs": [vars(inputs)], "why": inputs.why, "output": output}
        for code, inputs, output in _MODELS
    ]
