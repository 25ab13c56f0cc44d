"""One run of a scenario: its values are built, its statements executed, the forwards of its models seen."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from torch import nn

from .limits import seconds

_RUN_SECONDS = 4.0
_EPOCHS = 2
_BROADCAST = "Using a target size"  # a loss over shapes that do not belong together is no recipe

Json = dict[str, Any]


class Refused(Exception):
    """A drive ran, but no forward of the model was seen."""


class Watcher:
    """Notes whether a module ran forward in every drive so far."""

    def __init__(self, expression: str, module: nn.Module) -> None:
        self.expression, self.seen, self.always = expression, False, True
        self._handle = module.register_forward_hook(self._note)

    def close(self) -> None:
        """Take the hook off."""
        self._handle.remove()

    def _note(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self.seen = True


def run(way: Json, values: list[Json], space: Json) -> str:
    """Build, bind the globals, drive two epochs: the expression whose forwards were seen in every drive.

    Raises whatever the user's code raises, Refused where no forward was seen, OutOfTime.
    """
    names = dict(space)
    with seconds(_RUN_SECONDS), warnings.catch_warnings():
        warnings.filterwarnings("error", message=_BROADCAST)
        for value in values:
            names[value["name"]] = eval(value["code"], names)
        for name in way["patches"]:
            setattr(space["script"], name, names[name])
        watchers = [Watcher(e, m) for e, m in _watched(values, names)]
        try:
            for drive in way["drives"] * _EPOCHS:
                _drive(drive, names, watchers)
        finally:
            for watcher in watchers:
                watcher.close()
    return next(w.expression for w in watchers if w.always)


def _drive(drive: Json, names: Json, watchers: list[Watcher]) -> None:
    for watcher in watchers:
        watcher.seen = False
    exec(compile(drive["code"], "drive", "exec"), names)
    if not drive["roles"]:
        return
    for watcher in watchers:
        watcher.always = watcher.always and watcher.seen
    if not any(w.always for w in watchers):
        raise Refused(f"`{drive['code']}` ran, but no forward of the model was seen")


def _watched(values: list[Json], names: Json) -> Iterator[tuple[str, nn.Module]]:
    """Expressions that may be watched: the models, those that objects hold, and then their parts."""
    whole = [(e, m) for v in values for e, m in _modules(v["name"], names[v["name"]])]
    yield from whole
    for expression, model in whole:
        yield from (
            (f"{expression}.{path}", part) for path, part in model.named_modules() if path.isidentifier()
        )


def _modules(name: str, value: object) -> list[tuple[str, nn.Module]]:
    if isinstance(value, nn.Module):
        held = [(name, value)]
    else:
        attributes = getattr(value, "__dict__", {}).items()
        held = [(f"{name}.{a}", m) for a, m in attributes if isinstance(m, nn.Module)]
    return [(e, m) for e, m in held if not isinstance(m, nn.modules.loss._Loss)]
