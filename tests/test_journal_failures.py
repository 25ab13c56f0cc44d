"""What fails while the files are swapped: the disk, a rename, the user's Ctrl-C."""

from __future__ import annotations

import errno
import signal

import pytest
from modereview import swap
from modereview.errors import InputError, ToolError
from modereview.journal import undo, write_back

OLD, NEW, TEST = b"x = 1\r\n", b"x = 2\r\n", b"def test(): pass\n"
AS_BEFORE = {"train.py": OLD}


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "train.py").write_bytes(OLD)
    return root


def changes(root):
    return {root / "train.py": (OLD, NEW), root / "tests" / "sub" / "test_train.py": (None, TEST)}


def files(root):
    """Every file outside the journal with its content, temporary ones included."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
        if ".modereview" not in path.parts
    }


def test_a_file_that_changes_while_others_are_prepared(root, monkeypatch):
    stage = swap._stage

    def edited_meanwhile(change, *rest):
        staged = stage(change, *rest)
        (root / "train.py").write_bytes(b"mine\n")
        return staged

    monkeypatch.setattr(swap, "_stage", edited_meanwhile)
    with pytest.raises(InputError, match="changed during the review"):
        write_back(root, changes(root))
    assert files(root) == {"train.py": b"mine\n"}


def test_a_full_disk_leaves_no_empty_ignore_file(root, monkeypatch):
    def full(path, text):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_text", full)
        with pytest.raises(InputError, match="No space left on device; nothing was changed"):
            write_back(root, changes(root))
    write_back(root, changes(root))
    assert (root / ".modereview" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("nth", range(5))
def test_a_full_disk_changes_nothing(root, monkeypatch, nth):
    """There are five contents to prepare: the journal, before and after of one file, the new one."""
    write_back(root, {root / "train.py": (OLD, b"between\n")})
    write = swap._write
    count = iter(range(100))

    def full(path, content, temporary):
        if next(count) == nth:
            write(path, content[:1], temporary)
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content, temporary)

    monkeypatch.setattr(swap, "_write", full)
    new = changes(root) | {root / "train.py": (b"between\n", NEW)}
    with pytest.raises(InputError, match=r"Nothing was written .*No space left"):
        write_back(root, new)
    assert files(root) == {"train.py": b"between\n"}
    monkeypatch.undo()
    undo(root)  # the journal still tells of the review before
    assert files(root) == AS_BEFORE


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
@pytest.mark.parametrize("nth", range(3))
def test_a_failure_between_the_renames_is_rolled_back(root, monkeypatch, error, nth):
    put = swap._put
    count = iter(range(100))

    def failing(content, path):
        if next(count) == nth:
            raise error
        put(content, path)

    monkeypatch.setattr(swap, "_put", failing)
    with pytest.raises((InputError, KeyboardInterrupt)):
        write_back(root, changes(root))
    assert files(root) == AS_BEFORE
    with pytest.raises(InputError, match="nothing to undo"):
        undo(root)


def test_a_file_that_cannot_be_put_back_is_said(root, monkeypatch):
    put = swap._put
    count = iter(range(100))

    def failing(content, path):
        if next(count) >= 2:
            raise OSError(errno.EIO, "Input/output error")
        put(content, path)

    monkeypatch.setattr(swap, "_put", failing)
    with pytest.raises(ToolError, match=r"train\.py could not be put back .*modereview undo"):
        write_back(root, changes(root))
    monkeypatch.undo()
    undo(root)
    assert files(root) == AS_BEFORE


def test_ctrl_c_while_renaming_waits_until_all_is_written(root, monkeypatch):
    put = swap._put

    def interrupted(content, path):
        signal.raise_signal(signal.SIGINT)
        put(content, path)

    monkeypatch.setattr(swap, "_put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_back(root, changes(root))
    monkeypatch.undo()
    assert (root / "train.py").read_bytes() == NEW
    assert (root / "tests/sub/test_train.py").read_bytes() == TEST
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    undo(root)
    assert files(root) == AS_BEFORE


def test_ctrl_c_while_preparing_leaves_nothing(root, monkeypatch):
    def interrupted(fd):
        raise KeyboardInterrupt

    monkeypatch.setattr(swap.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_back(root, changes(root))
    assert files(root) == AS_BEFORE
