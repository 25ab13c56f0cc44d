"""What a run of the script shows of its own classes: how each was built, and with what it was called."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .build import CAPTURED
from .guesses import Guess

_LONGEST = 200  # characters of a value that is written into a test

Json = dict[str, Any]


class Capture:
    """Notes for each class of the script the first instance that is built, and its first forward."""

    def __init__(self) -> None:
        self._built: dict[type, str | None] = {}
        self._called: dict[type, list[Json] | None] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the classes that are made in the body."""
        nn.Module.__init_subclass__ = classmethod(functools.partial(_wrapped, self))  # type: ignore[assignment]
        try:
            yield
        finally:
            del nn.Module.__init_subclass__

    def note_build(self, cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """An instance is built."""
        codes = [*map(code, args), *(c and f"{n}={c}" for n, c in ((n, code(v)) for n, v in kwargs.items()))]
        self._built.setdefault(cls, None if None in codes else ", ".join(map(str, codes)))

    def note_call(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        """A forward ran."""
        if type(module) in self._built:
            guesses = [_guess(value) for value in inputs]
            known = [vars(g) for g in guesses if g is not None]
            self._called.setdefault(type(module), known if known and len(known) == len(guesses) else None)

    def found(self) -> Json:
        """{"classes": {name: {"args", "inputs"}}, "globals": {name: code}}: what can be written down."""
        classes = {
            cls.__name__: {"args": args, "inputs": self._called.get(cls)} for cls, args in self._built.items()
        }
        space: Json = next(
            (vars(cls)["forward"].__globals__ for cls in self._built if "forward" in vars(cls)), {}
        )
        held = {name: code(value) for name, value in space.items() if not name.startswith("_")}
        return {"classes": classes, "globals": {name: text for name, text in held.items() if text}}


def code(value: object) -> str | None:
    """A value as an expression; None where that would not be short, or not the same."""
    if value is None or isinstance(value, (bool, int, float, str)):
        text = repr(value)
    elif isinstance(value, torch.device):
        text = "torch.device('cpu')"
    elif type(value) in (list, tuple, dict) and len(value) < 50:  # type: ignore[arg-type]
        parts = [*value.values(), *value] if isinstance(value, dict) else list(value)  # type: ignore[call-overload]
        text = repr(value) if all(code(part) for part in parts) else ""
    elif type(value).__name__ in ("Namespace", "SimpleNamespace"):
        pairs = [(name, code(held)) for name, held in vars(value).items() if not name.startswith("_")]
        text = f"types.SimpleNamespace({', '.join(f'{name}={held}' for name, held in pairs if held)})"
        return text if len(text) <= 5 * _LONGEST else None
    else:
        return None
    return text if 0 < len(text) <= _LONGEST else None


def _wrapped(capture: Capture, cls: type, **_: Any) -> None:
    """Let the constructor of a new class of the script note its arguments."""
    if cls.__module__ != "__main__":
        return
    build = cls.__init__  # type: ignore[misc]

    @functools.wraps(build)
    def noting(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        if type(self) is cls:
            capture.note_build(cls, args, kwargs)
        build(self, *args, **kwargs)

    cls.__init__ = noting  # type: ignore[misc]


def _guess(value: object) -> Guess | None:
    """What an input was, as something to make again."""
    if isinstance(value, (tuple, list)):
        parts = [_guess(part) for part in value]
        codes = [part.code() for part in parts if part is not None]
        return (
            Guess((), CAPTURED, text=f"({', '.join(codes)},)") if codes and len(codes) == len(parts) else None
        )
    if not isinstance(value, torch.Tensor):
        text = code(value)
        return Guess((), CAPTURED, text=text) if text else None
    shape = tuple(value.shape)
    if value.dtype == torch.bool:
        maker = "ones" if value.float().mean() > 0.5 else "zeros"
        return Guess(shape, CAPTURED, text=f"torch.{maker}({shape}, dtype=torch.bool)")
    if value.is_floating_point():
        return Guess(shape, CAPTURED, dtype="" if value.dtype == torch.float32 else str(value.dtype))
    return Guess(shape, CAPTURED, int(value.max()) + 1) if value.numel() and value.min() >= 0 else None
