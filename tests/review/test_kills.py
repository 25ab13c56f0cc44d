"""SIGKILL in a whole review: each file is old or new, undo brings back what was there, no process stays."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

# The command, which says on stdout how far it has come, and takes its time where it renames.
PROGRAM = """
import os, sys, time
from modereview import cli
from modereview.report.progress import Progress

def told(self, text):
    print(text, flush=True)

def replaced(source, target, real=os.replace):
    real(source, target)
    print("Renamed", flush=True)
    time.sleep(0.2)

Progress.__call__ = told
os.replace = replaced
sys.exit(cli.main(sys.argv[1:]))
"""
STAGES = ("Reading", "Finding out", "Running them", "Confirming")
RENAMES = 3  # the journal, the script, its tests
LONGEST = 0.5  # seconds from a stage to the kill: the next stage has begun in some runs and not in others


def killed_at(stage, script, times=1, delay=0.0):
    """A review of a script that is killed so many seconds after it has come to a stage so many times."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CACHE_HOME") if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--offline", "-q", script],
        env={**kept, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        reached = (line for line in process.stdout if line.startswith(stage))
        assert [line for _, line in zip(range(times), reached, strict=False)]
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
    return process.returncode


@pytest.fixture
def project(tmp_path, zombie):
    (tmp_path / "train.py").write_text(zombie)
    return tmp_path


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_before_anything_is_written_leaves_all_as_it_was(project, zombie, contents, left_over, stage):
    delay = random.Random(stage).uniform(0, LONGEST) if stage != STAGES[-1] else 0.0
    assert killed_at(stage, project / "train.py", delay=delay) == -signal.SIGKILL
    assert contents(project) == {"train.py": zombie.encode()}
    assert not left_over(project)


@pytest.mark.parametrize("renames", range(1, RENAMES + 1))
def test_a_kill_between_the_renames_is_taken_back(
    project, zombie, mended, modereview, contents, left_over, renames
):
    assert killed_at("Renamed", project / "train.py", renames) == -signal.SIGKILL
    now = {name: text for name, text in contents(project).items() if not name.endswith(".tmp")}
    assert now["train.py"] == (zombie if renames == 1 else mended).encode()
    assert ("test_train_modes.py" in now) == (renames == RENAMES)
    assert modereview("undo", project).code == 0
    assert contents(project)["train.py"] == zombie.encode()
    assert not (project / "test_train_modes.py").exists()
    assert not left_over(project)
