"""What cannot be reviewed: one clear sentence, the right exit code, and every byte where it was."""

from __future__ import annotations

import errno
import os
import venv

import pytest

TORCH = b"import torch\n"


@pytest.fixture
def script(tmp_path, zombie):
    path = tmp_path / "train.py"
    path.write_text(zombie)
    return path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "is empty: there is nothing to review.", id="empty"),
        pytest.param(TORCH + b"x = (1,\n", "bad.py:2:5 ", id="syntax error"),
        pytest.param(TORCH + b"print 'x'\n", "bad.py:2:1 is not Python 3 (print statement)", id="Python 2"),
        pytest.param(TORCH + b"x = '\xe9'\n", "bad.py:2 is not UTF-8 (byte 0xe9)", id="not UTF-8"),
        pytest.param(b"# coding: ascii\nx = '\xe9'\n", "bad.py", id="not what it declares"),
        pytest.param(b"# coding: klingon\n" + TORCH, "klingon", id="unknown encoding"),
        pytest.param(TORCH + b"x = 1\0\n", "bad.py holds a NUL byte", id="NUL"),
        pytest.param(b"\x7fELF\x02\x01\x01" + bytes(range(256)), "bad.py", id="binary"),
        pytest.param(
            TORCH + b"#" * 5_000_000, "bad.py is 4.8 MB; files over 2 MB are not reviewed.", id="5 MB"
        ),
    ],
)
def test_a_file_that_is_no_script(tmp_path, modereview, content, told):
    path = tmp_path / "bad.py"
    path.write_bytes(content)
    ran = modereview(path)
    assert (ran.code, ran.out) == (2, b"")
    assert told in ran.err and "Traceback" not in ran.err and "our bug" not in ran.err
    assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == content


@pytest.mark.parametrize("make", ["nothing", "no_torch", "loop"])
def test_a_path_without_a_script(tmp_path, modereview, make):
    path = tmp_path / make
    if make == "no_torch":
        path.mkdir()
        (path / "plain.py").write_text("x = 1\n")
    if make == "loop":
        path.symlink_to(path)
    ran = modereview(path)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert ran.err.startswith(f"modereview: {path} ")


def test_one_bad_file_in_a_folder_with_a_loop_does_not_stop_the_others(tmp_path, script, modereview):
    (tmp_path / "bad.py").write_bytes(TORCH + b"x = (\n")
    (tmp_path / "back").symlink_to(tmp_path)
    ran = modereview("--static", tmp_path)
    assert ran.code == 2
    assert ran.err.startswith("modereview: bad.py:2:") and ran.err.count("\n") == 1
    assert "train.py:18:26  error MR102" in ran.text


def test_an_interpreter_without_torch(tmp_path, script, zombie, modereview):
    venv.create(tmp_path / "env", with_pip=False)
    ran = modereview(script, "--python", tmp_path / "env")
    assert (ran.code, script.read_text()) == (3, zombie)
    assert "torch is not installed for" in ran.err and "--python PATH" in ran.err
    assert ran.err.count("\n") == 1


def test_no_interpreter(script, zombie, modereview):
    ran = modereview(script, "--python", script)
    assert (ran.code, script.read_text()) == (3, zombie)
    assert "is not a Python interpreter that can be run" in ran.err


@pytest.fixture(scope="module")
def proved(tmp_path_factory, zombie):
    """A review that has mended a script and has yet to write."""
    from modereview.review import review_all
    from modereview.settings import Settings

    path = tmp_path_factory.mktemp("unwritten") / "train.py"
    path.write_text(zombie)
    (review,) = review_all(Settings(paths=(path,), check=True), lambda _: None)
    assert review.mended is not None
    return review


@pytest.fixture
def writing(proved, zombie, modereview, monkeypatch):
    """Runs the command as far as the writing; then puts the project back."""
    path = proved.source.path

    def run(before_it_writes=lambda _: None):
        def review(*_):
            before_it_writes(path)
            return proved

        monkeypatch.setattr("modereview.review.review", review)
        return path, modereview(path)

    yield run
    path.parent.chmod(0o755)
    for file in (path, proved.suite.path):
        file.unlink(missing_ok=True)
    path.write_text(zombie)


def read_only_file(path):
    path.chmod(0o444)


def read_only_folder(path):
    path.parent.chmod(0o555)


def changed_meanwhile(path):
    path.write_text("import torch\n")


def a_test_that_appears(path):
    path.with_name("test_train_modes.py").write_text("mine = True\n")


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (read_only_file, "train.py is read-only; nothing was written."),
        (read_only_folder, "the folder of train.py is read-only; nothing was written."),
        (changed_meanwhile, "train.py changed during the review; nothing was written. Run it again."),
        (a_test_that_appears, "test_train_modes.py changed during the review; nothing was written."),
    ],
)
def test_what_cannot_be_written_is_told_and_the_report_is_not_lost(writing, contents, happens, told):
    seen = {}

    def before_it_writes(path):
        happens(path)
        seen.update(contents(path.parent))

    path, ran = writing(before_it_writes)
    assert ran.code == 2
    assert ran.err.startswith(f"modereview: {told}") and ran.err.count("\n") == 1
    assert contents(path.parent) == seen
    assert "1 error, fix proved, not written." in ran.text and "undo" not in ran.text


@pytest.mark.parametrize("nth", [1, 2, 3, 5])
def test_a_full_disk_changes_nothing(writing, zombie, contents, monkeypatch, nth):
    real, calls = os.fsync, []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == nth:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr("os.fsync", fsync)
    path, ran = writing()
    assert ran.code == 2
    assert "Nothing was written" in ran.err and "No space left on device" in ran.err
    assert contents(path.parent) == {"train.py": zombie.encode()}
