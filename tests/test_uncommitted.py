"""Files that differ from the last commit: what git stores is compared, and nothing of the repository runs."""

from __future__ import annotations

import subprocess

import pytest
from modereview.uncommitted import is_changed

TEXT = b"x = 1\ny = 2\n"


def git(folder, *words):
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(params=["sha1", "sha256"])
def script(tmp_path, request):
    """A script in a folder of a repository, as it is in the last commit."""
    git(tmp_path, "init", f"--object-format={request.param}")
    path = tmp_path / "src" / "a b.py"
    path.parent.mkdir()
    path.write_bytes(TEXT)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return path


def test_a_file_as_committed_is_not_changed(script):
    assert not is_changed(script, TEXT)


def test_a_file_with_edits_is(script):
    assert is_changed(script, TEXT + b"z = 3\n")
    git(script.parent, "commit", "--allow-empty", "-m", "another")
    assert is_changed(script, TEXT + b"z = 3\n")


def test_what_is_staged_is_not_committed(script):
    script.write_bytes(TEXT + b"z = 3\n")
    git(script.parent, "add", ".")
    assert is_changed(script, script.read_bytes())


def test_line_ends_that_git_converts_are_no_change(script):
    assert not is_changed(script, TEXT.replace(b"\n", b"\r\n"))


def test_a_file_that_git_does_not_know_has_no_changes(script):
    other = script.with_name("other.py")
    other.write_bytes(TEXT)
    assert not is_changed(other, TEXT)


def test_a_repository_without_a_commit_or_none_at_all(tmp_path, monkeypatch):
    assert not is_changed(tmp_path / "a.py", TEXT)
    git(tmp_path, "init")
    assert not is_changed(tmp_path / "a.py", TEXT)
    monkeypatch.setenv("PATH", "")
    assert not is_changed(tmp_path / "a.py", TEXT)


def test_nothing_that_a_repository_names_is_run(script):
    trap = script.parent / "trap"
    for setting in ("core.fsmonitor", "core.sshCommand", "diff.external", "filter.trap.clean"):
        git(script.parent, "config", setting, f"touch '{trap}'; cat")
    (script.parent / ".gitattributes").write_text("*.py filter=trap\n")
    assert is_changed(script, b"other\n")
    assert not trap.exists()
