"""Scripts are written to a folder, analysed, and planned with the probe in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from modereview import analyze, parse
from modereview.plan import plan, probe_code
from modereview.records import Plan, Program

Ask = Callable[[dict[str, object]], dict[str, object]]
SERVER = Path(__file__).with_name("probe_server.py")


@pytest.fixture(scope="session")
def server() -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, SERVER], stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def ask(server: subprocess.Popen[str], tmp_path: Path) -> Ask:
    def send(request: dict[str, object]) -> dict[str, object]:
        job = {"folder": str(tmp_path), "code": probe_code(), "request": request}
        server.stdin.write(json.dumps(job) + "\n")
        server.stdin.flush()
        return json.loads(server.stdout.readline())

    return send


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Program]:
    def write(text: str) -> Program:
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(text))
        return analyze.analyze(parse.read(path, tmp_path))

    return write


@pytest.fixture
def planned(program: Callable[[str], Program], ask: Ask, tmp_path: Path) -> Callable[[str], Plan]:
    return lambda text: plan(program(text), (), ask, tmp_path / "tests" / "test_script_modes.py")
