"""Ctrl-C at any stage: exit 130, one sentence, no file half written, no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

# The command, which says at each stage, on stdout, that it has come so far, and takes its time there.
PROGRAM = """
import os, sys, time
from modereview import cli
from modereview.report.progress import Progress

def told(self, text):
    print(text, flush=True)

def replaced(source, target, real=os.replace):
    print("Renaming", flush=True)
    time.sleep(0.3)
    real(source, target)

Progress.__call__ = told
os.replace = replaced
sys.exit(cli.main(sys.argv[1:]))
"""


def stopped_at(stage, script, wait=lambda: time.sleep(0.1), **environ):
    """The exit code and stderr of a review that is interrupted at a stage, once `wait` is over."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ = {**kept, **environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, script, "-q"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert any(line.startswith(stage) for line in process.stdout), process.stderr.read()
        wait()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    return process.returncode, err


@pytest.mark.parametrize(
    "stage",
    ["Reading", "Finding out", "Running them", "Confirming"],
)
def test_a_review_that_is_stopped_leaves_nothing(tmp_path, zombie, contents, left_over, stage):
    script = tmp_path / "train.py"
    script.write_text(zombie)
    code, err = stopped_at(stage, script)
    assert (code, err) == (130, "modereview: stopped. No file is half written.\n")
    assert contents(tmp_path) == {"train.py": zombie.encode()}
    assert not left_over(tmp_path)


def test_a_review_that_waits_for_a_model_stops_at_once(tmp_path, zombie, contents, endpoint, answers):
    script = tmp_path / "train.py"
    script.write_text(zombie)
    endpoint.replies = [answers.Reply("{}", delay=60.0)]

    def until_asked():
        deadline = time.monotonic() + 60
        while not endpoint.requests and time.monotonic() < deadline:
            time.sleep(0.05)

    keys = {"OPENAI_BASE_URL": endpoint.url, "MODEREVIEW_MODEL": "m", "XDG_CACHE_HOME": str(tmp_path)}
    code, err = stopped_at("Writing", script, until_asked, **keys)
    assert endpoint.requests
    assert (code, err) == (130, "modereview: stopped. No file is half written.\n")
    assert contents(tmp_path) == {"train.py": zombie.encode()}


def test_a_stop_while_files_are_renamed_waits_until_all_are(tmp_path, zombie, mended, modereview, contents):
    script = tmp_path / "train.py"
    script.write_text(zombie)
    code, _ = stopped_at("Renaming", script)
    seen = contents(tmp_path)
    assert code == 130
    assert seen.keys() == {"train.py", "test_train_modes.py"}
    assert seen["train.py"] == mended.encode()
    assert modereview("undo", tmp_path).code == 0
    assert contents(tmp_path) == {"train.py": zombie.encode()}
