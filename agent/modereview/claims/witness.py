"""Runs in the sandbox: where in the script each forward of a scenario was called, and what set its mode.

Positions are those of Python's own bytecode (3.11 and newer); without them nothing is told.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

_MOST = 400  # forwards that are told

Place = list[Any]  # [function, line, column in bytes, end line, end column]


def main(request: dict[str, Any]) -> dict[str, Any]:
    """{"seen": [what is told of each forward]} of the scenario `builder` in the file `test`."""
    from torch import nn

    suite = _loaded(request["test"])
    path, observed, train = str(suite.SCRIPT), suite.observed, nn.Module.train
    switched: dict[int, tuple[Any, list[Place]]] = {}  # by id, with the module, so that none is used again
    told: list[tuple[Any, list[Place], list[Place], Any]] = []

    def noting_train(module: Any, mode: bool = True) -> Any:
        for part in module.modules():
            switched[id(part)] = part, _way(path)
        return train(module, mode)

    def noting_forward(call: str, where: str, module: Any, output: Any) -> Any:
        seen = observed(call, where, module, output)
        told.append((seen, _way(path), switched.get(id(module), (None, []))[1], module))
        return seen

    suite.observed, nn.Module.train = noting_forward, noting_train  # type: ignore[assignment]
    run = getattr(suite, request["builder"])
    run() if request["alone"] else run(suite.recorded)
    return {"seen": [_row(*each, Path(path).parent) for each in told[:_MOST]]}


def _loaded(test: str) -> Any:
    spec = importlib.util.spec_from_file_location("suite", test)
    assert spec is not None and spec.loader is not None
    suite = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(suite)
    return suite


def _row(seen: Any, way: list[Place], switch: list[Place], module: Any, folder: Path) -> dict[str, Any]:
    later = re.search(r"in round (\d+)$", seen.where)
    return {
        "call": seen.call,
        "mode": seen.mode,
        "trained": seen.trained,
        "way": way,
        "switch": switch,
        "kinds": sorted({type(part).__name__ for part in module.modules()}),
        "built": _is_built(type(module), folder),
        "round": int(later[1]) if later else 1,
    }


def _is_built(kind: type, folder: Path) -> bool:
    """Whether it is torch's own or the project's: others may be loaded, in a mode that stand-ins lose."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    known = kind.__module__.partition(".")[0] in ("torch", "__main__")
    return known or (file is not None and Path(file).is_relative_to(folder))


def _way(path: str) -> list[Place]:
    """The calls of the script that led here, outermost first. A comprehension is part of its function."""
    frames, frame = list[FrameType](), sys._getframe(2)
    while frame is not None:
        frames += [frame] if frame.f_code.co_filename == path else []
        frame = frame.f_back  # type: ignore[assignment]
    way: list[Place] = []
    for each in reversed(frames):
        name = getattr(each.f_code, "co_qualname", "").replace(".<locals>", "")
        inside = name.rpartition(".")[2] in ("<listcomp>", "<genexpr>", "<setcomp>", "<dictcomp>")
        function = way.pop()[0] if inside and way else "" if name == "<module>" else name
        way.append([function, *_position(each)])
    return way if all(None not in place for place in way) else []


def _position(frame: FrameType) -> tuple[int | None, ...]:
    """Where the call stands that a frame is at."""
    if not hasattr(frame.f_code, "co_positions"):
        return (None,)
    line, end_line, column, end_column = next(
        itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    )
    return line, column, end_line, end_column
