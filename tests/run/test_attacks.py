"""Every attack on the sandbox is tried, as root and as a user: none succeeds where there is bubblewrap.

`attacks` is a program of its own, so that it can be another user's. All run in one sandbox, one after the
other: what one of them breaks would show in the next.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from attacks.breakouts import BREAKOUTS, CONTAINED
from attacks.fakes import FAKES

NOBODY = "65534"
ROOT = ("root", pytest.mark.skipif(os.getuid() != 0, reason="these tests do not run as root"))
pytestmark = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
HOW = ("direct", "in pytest", "on import")


def as_user() -> list[str]:
    """What comes before a command that an unprivileged user is to run, who may not look into root's home."""
    if os.getuid() != 0:
        return []
    become = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps=-all"]
    keep = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--"]
    return ["bwrap", "--dev-bind", "/", "/", *_interpreter_shown(), *keep, *become]


def _interpreter_shown() -> list[str]:
    """Our own interpreter, where it lies in a home."""
    prefix = Path(sys.base_prefix).resolve()
    home = next((place for place in (Path("/root"), Path("/home")) if place in prefix.parents), None)
    if home is None:
        return []
    between = [place for place in reversed(prefix.parents) if home in place.parents]
    folders = [word for place in between for word in ("--perms", "0755", "--dir", str(place))]
    return ["--tmpfs", str(home), *folders, "--ro-bind", str(prefix), str(prefix)]


def attacked(*words: str, user: str) -> dict[str, object]:
    command = [*(as_user() if user == "a user" else []), sys.executable, "-m", "attacks", *words]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=[pytest.param(ROOT[0], marks=ROOT[1]), "a user"])
def tried(request) -> dict[str, object]:
    report = attacked(user=request.param)
    assert (report["user"] == 0) == (request.param == "root")
    return report


def test_the_sandbox_was_complete(tried):
    assert tried["warnings"] == []


@pytest.mark.parametrize("attack", [*BREAKOUTS, "SOMETHING LIVES ON"])
def test_nothing_gets_out_and_nothing_is_left(tried, attack):
    assert tried["got"][attack] == ""


@pytest.mark.parametrize("attack", [f"{name}, {how}" for name in FAKES for how in HOW])
def test_no_failing_test_is_believed_to_have_passed(tried, attack):
    assert tried["got"][attack] == ""


@pytest.fixture(scope="module")
def without_walls() -> dict[str, object]:
    return attacked("--bare", user="a user")


@pytest.mark.parametrize("attack", CONTAINED)
def test_without_walls_they_get_through_so_they_are_attacks(without_walls, attack):
    assert without_walls["got"][attack] != ""


def test_without_walls_the_report_says_so(without_walls):
    assert "could reach the network and read and change your files" in without_walls["warnings"][0]


@pytest.mark.parametrize("attack", [f"{name}, {how}" for name in FAKES for how in HOW])
def test_without_walls_a_failing_test_still_does_not_pass(without_walls, attack):
    assert without_walls["got"][attack] == ""
