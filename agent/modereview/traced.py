"""Runs in the sandbox: what every forward of a suite's builders does, without any assertion.

Two versions of a file that leave the same trace cannot be told apart by a test of modes. What raises leaves
no trace.
"""

from __future__ import annotations

import contextlib
import importlib.util
import random
import sys
from collections.abc import Iterator
from typing import Any


def main(request: dict[str, Any]) -> dict[str, Any]:
    """{builder: [what happened, in order]} for builders of modules and of scenarios, on fixed seeds."""
    spec = importlib.util.spec_from_file_location("suite", request["test"])
    assert spec is not None and spec.loader is not None
    suite = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(suite)
    modules = {name: _of_module(getattr(suite, name)) for name in request["modules"]}
    scenarios = {name: _of_scenario(getattr(suite, name)) for name in request["scenarios"]}
    return modules | scenarios | {name: _of_own_run(getattr(suite, name)) for name in request["own_runs"]}


def _of_scenario(rounds: Any) -> list[Any]:
    with _noted() as events:
        rounds(lambda *_: contextlib.nullcontext())
    return events


def _of_own_run(run: Any) -> list[Any]:
    """The script's own run watches itself; what its short form leaves out is as in the tests."""
    with _noted() as events:
        run()
    return events


def _of_module(build: Any) -> list[Any]:
    with _noted() as events:
        model, inputs = build()
        for mode in (True, False, True):
            events.append(["train returns the model", _switch(model, mode)])
            events.append([[name, part.training] for name, part in model.named_modules()])
            _seed()
            model(*inputs)
            events.append(["state", _digest(model.state_dict())])
        events.append(["eval returns the model", model.eval() is model])
    return events


def _switch(model: Any, mode: bool) -> bool:
    """A class that calls its training loop `train` has lost the switch of that name."""
    from torch import nn

    try:
        return model.train(mode) is model
    except Exception:
        return nn.Module.train(model, mode) is model


@contextlib.contextmanager
def _noted() -> Iterator[list[Any]]:
    """Note each forward of each module: its class, mode, gradient state and a digest of its output."""
    import torch
    from torch.nn.modules.module import register_module_forward_hook

    events: list[Any] = []

    def note(module: Any, inputs: Any, output: Any) -> None:
        kind, graph = type(module).__name__, torch.is_grad_enabled()
        events.append([kind, module.training, graph, _digest(output)])

    handle = register_module_forward_hook(note)
    _seed()
    try:
        yield events
    finally:
        handle.remove()


def _seed() -> None:
    import torch

    random.seed(0)
    torch.manual_seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


def _digest(value: Any) -> str:
    """Two sums of each tensor, one of them by place: equal tensors have equal ones, to the last bit."""
    import torch

    leaves = torch.utils._pytree.tree_leaves(value)
    numbers = [leaf.detach().cpu().flatten() for leaf in leaves if isinstance(leaf, torch.Tensor)]
    real = [(each.abs() if each.is_complex() else each).double() for each in numbers]
    sums = [(len(each), each.sum().item(), (each * torch.arange(len(each))).sum().item()) for each in real]
    return f"digest:{sums}"
