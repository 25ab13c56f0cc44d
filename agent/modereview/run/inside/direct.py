"""Runs the cases of a test file by calling its functions: 20 times as fast as starting pytest."""

from __future__ import annotations

import importlib.util
import inspect
import random
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from . import collect, with_pytest
from .judge import Verdict, judge
from .seal import Seal

if TYPE_CHECKING:
    from collections.abc import Generator

    from .channel import Channel
    from .messages import Order


def run(test: Path, order: Order, channel: Channel) -> None:
    """Run the cases of `test` that are asked for (no names: all) and report each on `channel`."""
    seal = Seal()
    try:
        module = _load(test)
        fixtures = collect.fixtures(module)
        calls = [c for c in collect.calls(module, fixtures) if with_pytest.wanted(c.name, order["names"])]
    except collect.Unsupported:
        with_pytest.run(test, order, channel, raw=True)
        return
    except BaseException as error:
        verdict = judge(error, test)
        channel.send("failed", status="broken", message=verdict.message)
        return
    seal.include(module)
    channel.send("cases", names=[call.name for call in calls])
    if order["seed"] is not None:
        random.Random(order["seed"]).shuffle(calls)
    for call in calls:
        status = _run_one(call, fixtures, test, seal, channel)
        if status == "failed" and order["until_failure"]:
            return


def _load(test: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(test.stem, test)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[test.stem] = module
    spec.loader.exec_module(module)
    return module


def _run_one(
    call: collect.Call, fixtures: dict[str, collect.Fixture], test: Path, seal: Seal, channel: Channel
) -> str:
    channel.send("start", case=call.name)
    began = time.monotonic()
    verdict = _verdict(call, fixtures, test)
    replaced = seal.broken() if verdict.status == "passed" else ""
    verdict = Verdict("broken", replaced) if replaced else verdict
    seconds = time.monotonic() - began
    channel.send("outcome", case=call.name, status=verdict.status, message=verdict.message, seconds=seconds)
    return verdict.status


def _verdict(call: collect.Call, fixtures: dict[str, collect.Fixture], test: Path) -> Verdict:
    world = _World(fixtures, call)
    verdict = Verdict("passed")
    try:
        given = {name: world.value(name) for name in collect.arguments(call.function)}
    except BaseException as error:  # arranging failed, so it is never the contract
        verdict = Verdict("broken", judge(error, test).message)
    else:
        try:
            call.function(**given)
        except BaseException as error:  # the user's code may raise anything, SystemExit too
            verdict = judge(error, test)
    try:
        world.close()
    except BaseException as error:
        verdict = verdict if verdict.status != "passed" else Verdict("broken", judge(error, test).message)
    return verdict


class _World:
    """The values that one case asks for by name, made when first asked for."""

    def __init__(self, fixtures: dict[str, collect.Fixture], call: collect.Call) -> None:
        self._fixtures = fixtures
        self._params = call.params
        self._made: dict[str, Any] = dict(call.values)
        self._open: list[Generator[Any, None, None]] = []
        self._patch = pytest.MonkeyPatch()

    def value(self, name: str, asked_by: str = "") -> Any:
        if name == "request" and name not in self._fixtures:
            return SimpleNamespace(param=self._params.get(asked_by))
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def close(self) -> None:
        """Run what is left of the fixtures that yield, and take patches back."""
        while self._open:
            next(self._open.pop(), None)
        self._patch.undo()

    def _make(self, name: str) -> Any:
        if name in self._fixtures:
            return self._run(name)
        return self._patch if name == "monkeypatch" else Path(tempfile.mkdtemp())

    def _run(self, name: str) -> Any:
        function = self._fixtures[name].function
        given = {each: self.value(each, name) for each in collect.arguments(function)}
        result = function(**given)
        if not inspect.isgeneratorfunction(function):
            return result
        self._open.append(result)
        return next(result)
