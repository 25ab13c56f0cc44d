"""Better guesses, told by where a forward stopped: which leaf was reached, what it got, what it wanted."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from .guesses import FRAMES, IMAGES, LENGTH, Guess, leaves, of_leaf

_LARGEST_SIDE = 256
_NUMBER = re.compile(
    r"Boolean value of Tensor|[Oo]nly (one element|integer) tensors|cannot be interpreted as an integer"
)
_SMALL = (
    "Kernel size can't be greater",
    "too small",
    "Expected more than 1",
    "non-empty",
    "must be greater than",
)


@dataclass(frozen=True)
class Stop:
    """Where a forward stopped."""

    error: str
    path: str = ""  # the last leaf that was entered
    leaf: nn.Module | None = None
    shape: tuple[int, ...] = ()  # what it got
    first: bool = False  # no other leaf had been entered

    def words(self) -> str:
        """One line for the user."""
        at = f" at `{self.path}` (got {self.shape})" if self.path else ""
        return f"{self.error}{at}"


class Trace:
    """Watches the leaves of a model. `unbatched` names one that took the batch for a single sample."""

    def __init__(self, model: nn.Module) -> None:
        self.entered: list[tuple[str, nn.Module, tuple[int, ...]]] = []
        self.unbatched = ""
        self._handles = [
            m.register_forward_pre_hook(self._hook(p), with_kwargs=True) for p, m in leaves(model)
        ]

    def close(self) -> None:
        """Take the hooks off."""
        for handle in self._handles:
            handle.remove()

    def stop(self, error: str) -> Stop:
        """What is known of the place of an error."""
        if not self.entered:
            return Stop(error)
        path, leaf, shape = self.entered[-1]
        return Stop(error, path, leaf, shape, len(self.entered) == 1)

    def _hook(self, path: str) -> Any:
        def enter(leaf: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            given = [*args, *kwargs.values()]
            shape = next((tuple(a.shape) for a in given if isinstance(a, torch.Tensor)), ())
            self.entered.append((path, leaf, shape))
            if len(shape) == _sample_dimensions(leaf):
                self.unbatched = path

        return enter


def _sample_dimensions(leaf: nn.Module) -> int:
    """How many dimensions one sample alone has, for leaves that take it without a word; -1 for all others."""
    if isinstance(leaf, (nn.RNNBase, nn.MultiheadAttention, nn.TransformerEncoderLayer)):
        return 2
    return len(leaf.kernel_size) + 1 if isinstance(leaf, nn.modules.conv._ConvNd) else -1


def repaired(model: nn.Module, guess: Guess, stop: Stop) -> Iterator[Guess]:
    """Guesses that the leaf which refused would rather have, nearest first."""
    if guess.text or not guess.shape:
        return
    yield from _as_told(guess, stop.error)
    if stop.leaf is None:
        return
    if any(words in stop.error for words in _SMALL):
        yield from _larger(guess)
    got, wanted = _sizes(stop.leaf, stop.shape)
    if isinstance(stop.leaf, nn.Linear) and len(guess.shape) > 2 and math.prod(guess.shape[1:]) == wanted:
        yield replace(guess, shape=(guess.shape[0], wanted), why=f"{guess.why}, flat for {stop.path}")
    if wanted and got and got != wanted and not guess.high:
        yield from _resized(guess, got, wanted, stop.path)
        yield from _with_side(guess, got, wanted, stop.path)
    if stop.first:
        yield from of_leaf(model, stop.path, stop.leaf)
    yield from _larger(guess)


def _as_told(guess: Guess, error: str) -> Iterator[Guess]:
    """Sizes and dimensions that the error's own words name."""
    if "index out of range" in error and guess.high > 2:  # what is looked up may be moved on
        yield replace(guess, high=2, why=f"{guess.why}, small ones")
    if "took longer" in error and guess.shape[0] > 2:
        yield replace(guess, shape=(2, *guess.shape[1:]), why=f"{guess.why}; two, for it is slow")
    if _NUMBER.search(error):
        yield Guess((), "a number, as it is taken for one", text="2")
    if "must be tuple of Tensors, not Tensor" in error:
        yield Guess((), f"{guess.why}, in a list", text=f"[{guess.code()}, {guess.code()}]")
    if unlike := re.search(r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)", error):
        one, other = map(int, unlike.groups())
        for size, wanted in ((one, other), (other, one)):
            if size in guess.shape[1:] and 1 < wanted <= _LARGEST_SIDE:
                shape = (guess.shape[0], *(wanted if s == size else s for s in guess.shape[1:]))
                yield replace(guess, shape=shape, why=f"{guess.why}; {wanted} suits another tensor")
    if unpacked := re.search(r"values to unpack \(expected ([345])|[Ee]xpected ([345])D input", error):
        count = int(unpacked.group(1) or unpacked.group(2))
        if count != len(guess.shape) and not guess.high:
            why = f"{guess.why}, in as many dimensions as forward unpacks"
            yield from (replace(guess, shape=shape, why=why) for shape in _dimensions(guess, count))


def _dimensions(guess: Guess, count: int) -> list[tuple[int, ...]]:
    """Sequences (3), images (4) or films (5) as wide as the guess."""
    if count == 5:
        return [(guess.shape[0], FRAMES, *guess.shape[1:])] if len(guess.shape) == 4 else []
    wide = guess.shape[1] if len(guess.shape) == 4 else guess.shape[-1]
    return [(IMAGES, LENGTH, wide)] if count == 3 else [(IMAGES, wide, 16, 16), (IMAGES, 16, 16, wide)]


def _sizes(leaf: nn.Module, shape: tuple[int, ...]) -> tuple[int, int]:
    """(got, wanted) of the dimension that a leaf checks; zeros where it checks none."""
    if isinstance(leaf, nn.Linear):
        return (shape[-1] if shape else 0), leaf.in_features
    if isinstance(leaf, nn.RNNBase):
        return (shape[-1] if shape else 0), leaf.input_size
    if isinstance(leaf, nn.LayerNorm):
        return (shape[-1] if shape else 0), leaf.normalized_shape[-1]
    wanted = getattr(leaf, "in_channels", None) or getattr(leaf, "num_features", None)
    return (shape[1], wanted) if isinstance(wanted, int) and len(shape) > 1 else (0, 0)


def _resized(guess: Guess, got: int, wanted: int, path: str) -> Iterator[Guess]:
    """Spatial sides scaled so that what is flattened has the size that the leaf wants."""
    axes = len(guess.shape) - 2
    if axes < 1:
        return
    side = round(guess.shape[-1] * (wanted / got) ** (1 / axes))
    near = range(
        side - 2, side + 3
    )  # sides are rounded down on the way, so that several fit: a usual one first
    for candidate in sorted(near, key=lambda s: (s % 4 != 0, abs(s - side))):
        if 0 < candidate <= 4 * _LARGEST_SIDE and candidate != guess.shape[-1]:
            shape = (*guess.shape[:2], *[candidate] * axes)
            yield replace(guess, shape=shape, why=f"{_channels(guess)}side {candidate} fits {path}")


def _channels(guess: Guess) -> str:
    return f"{guess.why.split(';')[0]}; " if guess.why else ""


def _with_side(guess: Guess, got: int, wanted: int, path: str) -> Iterator[Guess]:
    """The side that had the wrong size, replaced; or scaled, where it is a multiple."""
    for place in range(len(guess.shape) - 1, 0, -1):
        size = guess.shape[place]
        scaled, rest = divmod(size * wanted, got)
        if (size == got or size > 1) and rest == 0 and scaled > 0:
            shape = (*guess.shape[:place], scaled, *guess.shape[place + 1 :])
            yield replace(guess, shape=shape, why=f"{scaled} suits {path}")


def _larger(guess: Guess) -> Iterator[Guess]:
    if len(guess.shape) >= 3 and 2 * guess.shape[-1] <= _LARGEST_SIDE and not guess.high:
        sides = [2 * side for side in guess.shape[2:]]
        yield replace(guess, shape=(*guess.shape[:2], *sides), why=f"{_channels(guess)}side {sides[-1]}")
