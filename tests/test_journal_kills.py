"""SIGKILL while files are written: each is old or new, and undo brings back what was there."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from modereview.errors import InputError
from modereview.journal import undo, write_back

OLD, NEW, TEST = b"x = 1\n" * 500, b"x = 2\n" * 500, b"def test(): pass\n"
KILLS = 200
BATCHES = 8  # so many tests share the kills: one that fails says when


@pytest.fixture
def root(tmp_path):
    for name in ("train.py", "other.py"):
        (tmp_path / name).write_bytes(OLD)
    return tmp_path


def changes(root):
    mended = {root / name: (OLD, NEW) for name in ("train.py", "other.py")}
    return {**mended, root / "tests" / "test_train.py": (None, TEST)}


def files(root):
    """Every file outside the journal with its content, temporary ones included."""
    paths = (path for path in root.rglob("*") if path.is_file() and ".modereview" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def in_a_child(root):
    """The process that writes; it is forked, so it begins at once."""
    child = os.fork()
    if child == 0:
        try:
            write_back(root, changes(root))
        finally:
            os._exit(0)
    return child


def seconds_to_write(root):
    """From the moment the child is there; to fork a large process takes longer than to write."""
    child = in_a_child(root)
    began = time.perf_counter()
    os.waitpid(child, 0)
    took = time.perf_counter() - began
    undo(root)
    return took


def killed_after(root, delay):
    """Whether the child was killed before it came to its end."""
    child = in_a_child(root)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_each_file_is_old_or_new_and_undo_works(root, batch):
    rng, longest = random.Random(batch), seconds_to_write(root)
    killed = 0
    for _ in range(KILLS // BATCHES):
        in_time = killed_after(root, rng.uniform(0, longest))
        killed, longest = killed + in_time, longest * (1 if in_time else 0.8)
        now = files(root)
        assert all(now[name] in (OLD, NEW) for name in ("train.py", "other.py"))
        assert now.get("tests/test_train.py") in (None, TEST)
        try:
            undo(root)
        except InputError as error:
            assert "nothing to undo" in str(error)
        assert {name: now for name, now in files(root).items() if name.endswith(".py")} == {
            "train.py": OLD,
            "other.py": OLD,
        }
    assert killed, "none was killed: the delays are too long"


def test_the_next_review_clears_away_what_a_killed_one_left(root):
    longest, rng = seconds_to_write(root), random.Random(0)
    for _ in range(20):
        killed_after(root, rng.uniform(0, longest))
        write_back(
            root, {path: (path.read_bytes() if path.exists() else None, b"y\n") for path in changes(root)}
        )
        undo(root)
        write_back(root, {path: (path.read_bytes(), OLD) for path in list(changes(root))[:2]})
    assert not [name for name in files(root) if name.endswith(".tmp")]
    assert not list((root / ".modereview").glob("*.tmp"))
