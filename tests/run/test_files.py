"""Mirror and copies of a project; who root becomes."""

import pytest
from modereview.run import users
from modereview.run.inside import mirror


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "root"
    (root / "pkg" / "deep" / "__pycache__").mkdir(parents=True)
    for name in ("a.py", "pkg/b.py", "pkg/deep/c.py", "pkg/deep/__pycache__/c.pyc"):
        (root / name).write_text(f"# {name}")
    return root


def test_of_a_large_project_only_folders_on_the_way_to_a_laid_over_file_are_real(
    project, tmp_path, monkeypatch
):
    monkeypatch.setattr(mirror, "_MOST_ENTRIES", 3)
    made = tmp_path / "made"
    mirror.build(project, made, {"pkg/b.py": b"new", "tests/test_x.py": b"t"})
    assert (made / "pkg" / "b.py").read_bytes() == b"new"
    assert (made / "tests" / "test_x.py").read_bytes() == b"t"
    links = {
        p.name for p in (made / "a.py", made / "pkg", made / "pkg" / "deep", made / "tests") if p.is_symlink()
    }
    assert links == {"a.py", "deep"}
    assert (project / "pkg" / "b.py").read_text() == "# pkg/b.py"


def test_the_folders_of_a_small_project_are_real_and_may_be_written_into(project, tmp_path):
    made = tmp_path / "made"
    mirror.build(project, made, {"tests/test_x.py": b"t"})
    (made / "pkg" / "deep" / "results").mkdir()
    assert (made / "pkg" / "b.py").is_symlink() and (made / "pkg" / "b.py").read_text() == "# pkg/b.py"
    assert not (project / "pkg" / "deep" / "results").exists()


def test_compiled_files_beside_a_laid_over_one_are_not_shown(project, tmp_path):
    mirror.build(project, tmp_path / "made", {"pkg/deep/c.py": b"new"})
    assert {p.name for p in (tmp_path / "made" / "pkg" / "deep").iterdir()} == {"c.py"}


@pytest.mark.parametrize(
    ("uid_map", "expected"),
    [
        ("         0          0 4294967295\n", 61184 + 7),
        ("0 100000 65536\n", 61184 + 7),
        ("0 1000 1\n1 100000 60000\n65534 200000 1\n", 65534),
        ("0 1000 1\n", None),
    ],
)
def test_root_becomes_a_user_that_the_container_knows(uid_map, expected):
    assert users.unprivileged(uid_map, 7) == expected


def test_a_copy_is_readable_by_all_and_shows_nothing_private(project):
    (project / ".env").write_text("KEY=1")
    (project / "a.py").chmod(0o600)
    assert not users.readable(project)
    into = project / "copy"
    assert users.copy_project(project, into) == ()
    assert {p.name for p in into.iterdir()} == {"a.py", "pkg"}
    assert users.readable(into)
    assert (into / "pkg" / "deep" / "c.py").read_text() == "# pkg/deep/c.py"


def test_what_is_too_large_to_copy_is_told(project, monkeypatch):
    monkeypatch.setattr(users, "_LARGEST", 5)
    assert "3 large files" in users.copy_project(project, project / "copy")[0]


def test_a_closed_folder_on_the_way_cannot_be_passed(tmp_path):
    (tmp_path / "closed" / "inside").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    assert not users.reachable(tmp_path / "closed" / "inside", ())
    assert users.reachable(tmp_path / "closed" / "inside", (tmp_path,))
