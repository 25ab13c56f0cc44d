from __future__ import annotations

import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest
from modereview.errors import InputError
from modereview.journal import Undone, undo, write_back

OLD, NEW, TEST = b"x = 1\r\n", b"x = 2\r\n", b"def test(): pass\n"


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


AS_BEFORE = {"train.py": OLD}


def test_write_and_undo(root):
    write_back(root, changes(root))
    written = {"train.py": NEW, "tests": None, "tests/sub": None, "tests/sub/test_train.py": TEST}
    assert files(root) == written
    assert (root / ".modereview" / ".gitignore").read_text() == "*\n"
    assert set(undo(root).back) == {root / "train.py", root / "tests/sub/test_train.py"}
    assert files(root) == AS_BEFORE


def test_undo_twice_says_so(root):
    write_back(root, changes(root))
    undo(root)
    with pytest.raises(InputError, match="nothing to undo"):
        undo(root)


def test_undo_takes_back_the_last_review_only(root):
    write_back(root, {root / "train.py": (OLD, NEW)})
    write_back(root, {root / "train.py": (NEW, b"x = 3\n")})
    undo(root)
    assert files(root) == {"train.py": NEW}


def test_a_review_that_changes_nothing_keeps_the_journal(root):
    write_back(root, {root / "train.py": (OLD, NEW)})
    write_back(root, {root / "train.py": (NEW, NEW)})
    undo(root)
    assert files(root) == AS_BEFORE


def test_nothing_to_change_leaves_nothing_behind(root):
    write_back(root, {root / "train.py": (OLD, OLD)})
    assert list(root.iterdir()) == [root / "train.py"]


def test_mode_and_owner_stay(root):
    (root / "train.py").chmod(0o750)
    if os.getuid() == 0:
        os.chown(root / "train.py", 12345, 54321)
    before = (root / "train.py").stat()
    write_back(root, changes(root))
    after = (root / "train.py").stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_new_file_has_the_mode_of_the_users_umask(root):
    before = os.umask(0o027)
    try:
        write_back(root, changes(root))
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "tests/sub/test_train.py").stat().st_mode) == 0o640


@pytest.mark.parametrize("path", ["train.py", "tests/sub/test_train.py"])
def test_a_file_that_changed_meanwhile_stops_all(root, path):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(b"mine\n")
    before = files(root)
    with pytest.raises(InputError, match=f"{path} changed during the review; nothing was written"):
        write_back(root, changes(root))
    assert files(root) == before


def test_links_inside_the_project_are_followed(root):
    (root / "link.py").symlink_to("train.py")
    write_back(root, {root / "link.py": (OLD, NEW)})
    assert (root / "link.py").is_symlink()
    assert (root / "train.py").read_bytes() == NEW


def test_a_file_and_a_link_to_it_are_not_both_written(root):
    (root / "link.py").symlink_to("train.py")
    with pytest.raises(InputError, match="same file"):
        write_back(root, {root / "link.py": (OLD, b"y\n"), root / "train.py": (OLD, NEW)})
    assert (root / "train.py").read_bytes() == OLD


def test_links_out_of_the_project_are_refused(root, tmp_path):
    (tmp_path / "other.py").write_bytes(OLD)
    (root / "link.py").symlink_to(tmp_path / "other.py")
    with pytest.raises(InputError, match="leads outside the project"):
        write_back(root, {root / "link.py": (OLD, NEW), root / "train.py": (OLD, NEW)})
    assert (tmp_path / "other.py").read_bytes() == OLD
    assert (root / "train.py").read_bytes() == OLD


def test_a_journal_that_is_a_link_is_refused(root, tmp_path):
    (root / ".modereview").symlink_to(tmp_path)
    with pytest.raises(InputError, match="is a link"):
        write_back(root, changes(root))
    assert not (tmp_path / ".gitignore").exists()
    assert (root / "train.py").read_bytes() == OLD


@pytest.mark.parametrize("name", ["train.py", "."])
def test_read_only(root, name):
    mode = (root / name).stat().st_mode
    (root / name).chmod(mode & ~0o222)
    try:
        with pytest.raises(InputError, match=r"read-only|cannot be written"):
            write_back(root, {root / "train.py": (OLD, NEW)})
    finally:
        (root / name).chmod(mode)
    assert files(root) == AS_BEFORE


def test_undo_finishes_what_a_killed_review_began(root):
    write_back(root, changes(root))
    (root / "train.py").write_bytes(OLD)  # as if killed before the second rename
    (root / ".train.py.c3457776.tmp").write_bytes(NEW)
    assert undo(root) == Undone((root / "tests/sub/test_train.py",))
    assert files(root) == AS_BEFORE


def test_undo_refuses_where_the_script_was_edited_since(root):
    write_back(root, changes(root))
    (root / "train.py").write_bytes(b"mine\n")
    before = files(root)
    with pytest.raises(InputError, match=r"train\.py was changed since the review; nothing was undone"):
        undo(root)
    assert files(root) == before


def test_undo_leaves_a_test_that_was_edited_since_and_says_so(root):
    write_back(root, changes(root))
    (root / "tests/sub/test_train.py").write_bytes(b"mine\n")
    assert undo(root) == Undone((root / "train.py",), kept=(root / "tests/sub/test_train.py",))
    left = {"tests": None, "tests/sub": None, "tests/sub/test_train.py": b"mine\n"}
    assert files(root) == AS_BEFORE | left


@pytest.mark.parametrize("found", [b"{", b"[]", b'{"version": 9}', b'{"version": 1, "files": [{}]}'])
def test_a_broken_journal_is_said(root, found):
    (root / ".modereview").mkdir()
    (root / ".modereview" / "journal.json").write_bytes(found)
    with pytest.raises(InputError, match="cannot be read"):
        undo(root)


def test_a_journal_that_points_out_of_the_project_is_refused(root, tmp_path):
    write_back(root, {root / "train.py": (OLD, NEW)})
    (tmp_path / "train.py").write_bytes(NEW)
    journal = root / ".modereview" / "journal.json"
    journal.write_text(journal.read_text().replace('"train.py"', '"../train.py"'))
    with pytest.raises(InputError, match="leads outside"):
        undo(root)
    assert (tmp_path / "train.py").read_bytes() == NEW


def test_two_reviews_at_once_are_kept_apart(root):
    write_back(root, {root / "train.py": (OLD, NEW)})
    other = os.open(root / ".modereview", os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(InputError, match="Another review"):
        undo(root)
    os.close(other)
    assert files(root) == {"train.py": NEW}


def test_outside_the_main_thread(root):
    thread = threading.Thread(target=write_back, args=(root, changes(root)))
    thread.start()
    thread.join()
    assert (root / "train.py").read_bytes() == NEW


def test_a_long_name_still_leaves_room_for_the_temporary_one(root):
    path: Path = root / f"{'n' * 250}.py"
    write_back(root, {path: (None, NEW)})
    assert path.read_bytes() == NEW
