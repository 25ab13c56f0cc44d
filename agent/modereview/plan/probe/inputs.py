"""Inputs for a bare module: guesses, tried cheapest first and repaired from where the forward stopped."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .guesses import Guess, guesses, parameters, telling
from .limits import Deadline, OutOfTime, one_line, seconds
from .machine import adapted
from .repair import Stop, Trace, repaired

_TRIES = 300
_REPAIRS = 5  # in a row
_PER_PARAMETER = (0, 40, 12, 7, 4)  # guesses combined, by the number of parameters
_TRY_SECONDS = 2.0

Inputs = tuple[Guess, ...]


class NotFound(Exception):
    """No inputs passed; the message is the last error, `tried` the number of trials."""

    def __init__(self, message: str, tried: int) -> None:
        super().__init__(message)
        self.tried = tried


@dataclass(frozen=True)
class Found:
    """Inputs that pass in both modes, and the shape of the first tensor that comes out."""

    inputs: Inputs
    output: tuple[int, ...]
    tried: int


def search(model: nn.Module, shapes: list[dict[str, Any]], deadline: Deadline) -> Found:
    """Inputs with which `model` runs in TRAIN and in EVAL, on two samples or more. Raises NotFound."""
    queue = [(cost, number, 0, inputs) for number, (cost, inputs) in enumerate(_products(model, shapes))]
    heapq.heapify(queue)
    seen, counter, tried, last = set(), itertools.count(len(queue)), 0, Stop("nothing to try")
    while queue and tried < _TRIES and not deadline.passed:
        cost, _, depth, inputs = heapq.heappop(queue)
        if (key := tuple(g.code() for g in inputs)) in seen:
            continue
        seen.add(key)
        tried += 1
        result = attempt(model, inputs)
        if not isinstance(result, Stop):
            return Found(inputs, result, tried)
        last = result
        if depth < _REPAIRS:
            for rank, better in enumerate(_repairs(model, inputs, result)):
                heapq.heappush(queue, (cost + 0.1 + 0.05 * rank, next(counter), depth + 1, better))
    raise NotFound(last.words(), tried)


def attempt(model: nn.Module, inputs: Inputs) -> tuple[int, ...] | Stop:
    """Run the model in both modes: the shape of its first output, or where it stopped."""
    trace = Trace(model)
    try:
        with seconds(_TRY_SECONDS), torch.no_grad():
            values = evaluated(inputs, model)
            shapes = [_output(model, values, mode) for mode in (True, False)]
    except (Exception, OutOfTime) as error:
        stop = trace.stop(one_line(error))
        return attempt(model, inputs) if adapted(stop.error) else stop
    finally:
        trace.close()
    if trace.unbatched:
        return trace.stop(f"`{trace.unbatched}` took the batch for one sample")
    return shapes[0]


def evaluated(inputs: Inputs, model: nn.Module) -> list[Any]:
    """The values of the expressions."""
    return [eval(g.code(), {"torch": torch, "model": model}) for g in inputs]


def _output(model: nn.Module, values: list[Any], mode: bool) -> tuple[int, ...]:
    nn.Module.train(model, mode)  # not model.train: a class may give that name another meaning
    found = [t for t in tensors(model(*values)) if t.is_floating_point()]
    if not found:
        raise TypeError("forward gave no tensor of real numbers")
    return tuple(found[0].shape)


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors inside what a forward gave."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from (t for v in value.values() for t in tensors(v))
    elif isinstance(value, (tuple, list)):
        yield from (t for v in value for t in tensors(v))
    elif hasattr(value, "__dict__"):
        yield from (t for t in vars(value).values() if isinstance(t, torch.Tensor))


def _products(model: nn.Module, shapes: list[dict[str, Any]]) -> Iterator[tuple[float, Inputs]]:
    names = parameters(model)
    limit = _PER_PARAMETER[min(len(names), len(_PER_PARAMETER) - 1)]
    whole = [list(enumerate(guesses(model, name, shapes))) for name in names[:6]]
    for combination in itertools.product(*(each[:limit] for each in whole)):
        inputs = tuple(guess for _, guess in combination)
        unlike = len({g.shape[0] for g in inputs if g.shape}) > 1
        yield sum(rank for rank, _ in combination) + 0.3 * unlike, inputs
    if len(whole) > 1 and not any(telling(model, name) for name in names if name != "y"):
        for rank, (_, guess) in enumerate(whole[0]):  # pairs, triplets: what suits one suits all
            if all(guess in [other for _, other in each] for each in whole):
                yield 0.1 * rank, (guess,) * len(whole)


def _repairs(model: nn.Module, inputs: Inputs, stop: Stop) -> Iterator[Inputs]:
    if len(inputs) > 1 and len(set(inputs)) == 1:
        yield from ((better,) * len(inputs) for better in repaired(model, inputs[0], stop))
    for place, guess in enumerate(inputs):
        for better in repaired(model, guess, stop):
            yield (*inputs[:place], better, *inputs[place + 1 :])
