"""What is the user's: uncommitted edits of the script, edits of our tests, a test file of their own."""

from __future__ import annotations

import subprocess

import pytest

SUITE = "test_train_modes.py"


@pytest.fixture
def project(tmp_path, zombie):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "train.py").write_text(zombie)
    return tmp_path


def git(folder, *words):
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_a_fix_on_top_of_uncommitted_changes_says_so_and_undo_leads_back_to_them(
    project, zombie, mended, modereview
):
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "first")
    (project / "train.py").write_text(zombie.replace("lr=0.1", "lr=0.2"))
    ran = modereview(project / "train.py")
    assert (project / "train.py").read_text() == mended.replace("lr=0.1", "lr=0.2")
    assert ran.text.count("Warning: train.py had changes that are not committed: the fix is made on top") == 1
    modereview("undo", project)
    assert (project / "train.py").read_text() == zombie.replace("lr=0.1", "lr=0.2")
    git(project, "commit", "-am", "second")
    assert "not committed" not in modereview(project / "train.py").text


def test_edited_tests_stay_and_missing_ones_are_added_and_the_report_says_so(project, modereview):
    modereview(project / "train.py")
    whole = (project / SUITE).read_text()
    kept, _, dropped = whole.partition("def test_training_runs_in_train_mode(")
    edited = kept.replace("torch.randn(", "0.5 * torch.randn(", 1).rstrip() + "\n"
    assert dropped and edited != kept
    (project / SUITE).write_text(edited)
    ran = modereview(project / "train.py")
    now = (project / SUITE).read_text()
    assert all(line in now.splitlines() for line in edited.splitlines())
    assert "def test_training_runs_in_train_mode(" in now
    assert (
        f"Warning: {SUITE} keeps what this review would write otherwise, as it may be edited: `" in ran.text
    )


def test_a_file_of_the_users_with_that_name_is_left_alone_and_the_report_says_so(project, modereview):
    (project / SUITE).write_text("def test_mine():\n    assert True\n")
    ran = modereview(project / "train.py")
    assert (project / SUITE).read_text() == "def test_mine():\n    assert True\n"
    assert (project / "test_train_modes_2.py").is_file()
    assert f"Warning: {SUITE} is none of modereview's: the tests go to test_train_modes_2.py" in ran.text


def test_nothing_is_said_where_nobody_edited(project, modereview):
    first, second = (modereview(project / "train.py").text for _ in range(2))
    assert "may be edited" not in first + second
