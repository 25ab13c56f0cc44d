"""Runs the cases of a test file by real pytest, in this process, and reports what it saw."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .judge import Verdict, describe, first_lines, judge
from .seal import Seal

if TYPE_CHECKING:
    from collections.abc import Generator

    from .channel import Channel
    from .messages import Order


def wanted(case: str, names: list[str] | None) -> bool:
    """Whether a case was asked for, by its own name or by its function's."""
    return names is None or case in names or case.partition("[")[0] in names


def run(test: Path, order: Order, channel: Channel, raw: bool = False) -> None:
    """Run the cases of `test` that are asked for (no names: all). `raw`: an expected failure is a failure."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # the project's own settings hold, but not options of plugins that are not loaded
    options = ["-p", "no:cacheprovider", "-o", "addopts=", "-o", "required_plugins="]
    options += ["-q", "-s", "--tb=no", f"--rootdir={Path.cwd()}", *(["--runxfail"] if raw else [])]
    code = pytest.main([*options, str(test)], plugins=[_Recorder(test, order, channel)])
    if code == pytest.ExitCode.USAGE_ERROR:
        message = "pytest did not start: see [tool.pytest.ini_options], conftest.py"
        channel.send("failed", status="broken", message=message)


class _Recorder:
    """A pytest plugin that sends each case's verdict."""

    def __init__(self, test: Path, order: Order, channel: Channel) -> None:
        self._test, self._order, self._channel = test, order, channel
        self._verdict = Verdict("passed")
        self._began = 0.0
        self._seal = Seal()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if wanted(_case(item.nodeid), self._order["names"])]
        for module in {item.module for item in items if isinstance(item, pytest.Function)}:
            self._seal.include(module)
        self._channel.send("cases", names=[_case(item.nodeid) for item in items])
        if self._order["seed"] is not None:
            random.Random(self._order["seed"]).shuffle(items)

    def pytest_exception_interact(self, node: Any, call: Any) -> None:
        """Hear of a file that could not be loaded; pytest wraps what went wrong."""
        if isinstance(node, pytest.Collector):
            error = call.excinfo.value.__cause__ or call.excinfo.value
            self._channel.send("failed", status="broken", message=describe(error))

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Hear of what pytest does not expect of a test file: that it exits."""
        self._channel.send("failed", status="broken", message=describe(excinfo.value))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._verdict, self._began = Verdict("passed"), time.monotonic()
        self._channel.send("start", case=_case(nodeid))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Generator[None, Any, None]:
        """Judge a phase of a case by the exception itself, which the report does not keep."""
        result = yield
        if self._verdict.status == "passed":
            self._verdict = self._judge(call, result.get_result()) or self._verdict

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        replaced = self._seal.broken() if self._verdict.status == "passed" else ""
        status, message = ("broken", replaced) if replaced else self._verdict
        seconds = time.monotonic() - self._began
        self._channel.send("outcome", case=_case(nodeid), status=status, message=message, seconds=seconds)

    def _judge(self, call: Any, report: Any) -> Verdict | None:
        """The verdict on one phase, None where it says nothing new."""
        if call.excinfo is None:  # all went well: only a strict xfail minds
            return Verdict("failed", first_lines(str(report.longrepr))) if report.failed else None
        verdict = judge(call.excinfo.value, self._test)
        if call.when != "call":
            return Verdict("broken", verdict.message)
        expected = report.skipped and hasattr(report, "wasxfail") and verdict.status == "failed"
        return Verdict("passed", f"xfail: {report.wasxfail}") if expected else verdict


def _case(nodeid: str) -> str:
    return nodeid.partition("::")[2]
