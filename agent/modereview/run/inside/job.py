"""The life of a forked child: limits, a mirror of the project, the order, the end."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

import torch

from . import direct, mirror, with_pytest
from .judge import describe
from .limits import restrict

if TYPE_CHECKING:
    from .channel import Channel
    from .messages import Order, Settings

PROJECT = "project"  # the mirror's folder in the child's own


def run(order: Order, settings: Settings, folder: Path, channel: Channel) -> NoReturn:
    """Carry out one order in `folder`, answer on `channel`, and end the process."""
    try:
        # a case more than there are: loading takes its own time
        cases = 1 + len(order.get("names") or range(50))
        restrict(settings["limits"], order["seconds"] * cases)
        _move_in(order, settings, folder)
        _obey(order, folder / PROJECT, channel)
        channel.send("done")
    except BaseException as error:
        channel.send("failed", status="broken", message=describe(error))
        channel.send("done")
    finally:
        os._exit(0)


def _move_in(order: Order, settings: Settings, folder: Path) -> None:
    """Make the mirror and let this process live there."""
    project, home, temporary = folder / PROJECT, folder / "home", folder / "tmp"
    for each in (project, home, temporary):
        each.mkdir(parents=True)
    files = {name: content.encode("latin-1") for name, content in order["files"].items()}
    mirror.build(Path(settings["source"]), project, files)
    os.environ.update(HOME=str(home), TMPDIR=str(temporary), PWD=str(project))
    tempfile.tempdir = None
    os.chdir(project)
    _reseed(order.get("seed"))
    sys.path[:] = [_moved(entry, settings["root"], project) for entry in sys.path]


def _reseed(seed: int | None) -> None:
    """Seeds of its own: a fork inherits the generators, and a test that flickers would look steady."""
    random.seed(seed)
    torch.seed() if seed is None else torch.manual_seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if seed is not None:
        torch.set_num_threads(1 + seed % 2)  # the number of threads may change sums, and with them a verdict


def _moved(entry: str, root: str, project: Path) -> str:
    """An import path as it lies in the mirror: a project installed as editable is on it."""
    inside = entry == root or entry.startswith(root + os.sep)
    return str(project / os.path.relpath(entry, root)) if inside else entry


def _obey(order: Order, project: Path, channel: Channel) -> None:
    if order["how"] == "ask":
        channel.send("result", value=_answer(order))
        return
    test = project / order["test"]
    sys.path.insert(0, str(test.parent))
    sys.argv[:] = [str(test)]
    run_tests = direct.run if order["how"] == "direct" else with_pytest.run
    run_tests(test, order, channel)


def _answer(order: Order) -> object:
    """What main(request) returns, as JSON would have it. Raises whatever the code raises."""
    module = ModuleType("modereview_question")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(order["code"], "<question>", "exec"), vars(module))
    return json.loads(json.dumps(vars(module)["main"](order["request"])))
