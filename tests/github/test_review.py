"""The half that reviews, in a real git repository; nothing is run unless a test says so."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from modereview.cli import main
from modereview.github import checkout, event, handover, tell
from modereview.github.review import Wanted, review
from modereview.records import Target, Unreached
from modereview.review import review_all
from modereview.settings import Settings
from stage.repository import CLEAN, FAULTY, NOISE, Repository
from stage.sandbox import needs_sandbox

ONLY_READ = Wanted({}, static="Only read, as asked for: nothing was run.")


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path / "train")


def reviewed(repository, path, wanted=ONLY_READ):
    """The handover of a review, and its diff."""
    told = event.read(path)
    here = checkout.checkout(repository.folder, told.head, told.base)
    return review(here, wanted, lambda _: None).handover, here.diff(here.changed())


def grave(handed):
    return [(told.path, told.rule, told.known) for told in handed.findings if told.severity != "note"]


def test_a_fault_that_the_branch_brings_in_is_new(repository):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    handed, _ = reviewed(repository, path)
    assert grave(handed) == [("train.py", "MR102", False)]
    assert handed.reviewed == ("train.py",)


def test_a_fault_that_the_base_has_is_known_wherever_its_lines_went(repository):
    path = repository.pull_request({"train.py": FAULTY}, {"train.py": NOISE * 5 + FAULTY})
    handed, diff = reviewed(repository, path)
    assert grave(handed) == [("train.py", "MR102", True)]
    assert [told.first for told in handed.findings if told.rule == "MR102"] == [19]
    assert diff.files["train.py"].adds(5)
    assert not diff.files["train.py"].adds(6)


def test_a_fault_in_a_renamed_file_is_known(repository):
    path = repository.pull_request({"train.py": FAULTY}, {"train.py": None, "src/fit.py": FAULTY})
    handed, diff = reviewed(repository, path)
    assert grave(handed) == [("src/fit.py", "MR102", True)]
    assert (diff.files["src/fit.py"].status, diff.files["src/fit.py"].formerly) == ("renamed", "train.py")


def test_the_base_is_where_the_branch_left_it(repository):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"train.py": FAULTY + "# moved on\n"})
    repository.git("checkout", "--quiet", "topic")
    handed, _ = reviewed(repository, repository.event())
    assert grave(handed) == [("train.py", "MR102", False)]
    assert path.exists()


def test_deleted_files_and_files_without_torch_are_passed_over(repository):
    path = repository.pull_request(
        {"old.py": FAULTY, "train.py": CLEAN}, {"old.py": None, "tool.py": "print('x')\n", "notes.md": "x"}
    )
    handed, _ = reviewed(repository, path)
    assert (handed.findings, handed.reviewed) == ((), ())


def test_a_file_that_is_no_python_is_said_and_stops_nothing(repository):
    path = repository.pull_request({}, {"bad.py": "import torch\nprint 1\n", "train.py": FAULTY})
    handed, _ = reviewed(repository, path)
    assert grave(handed) == [("train.py", "MR102", False)]
    assert any("bad.py" in note for note in handed.notes)


def test_settings_come_from_the_base(repository):
    quiet = '[tool.modereview]\nselect = ["MR9"]\nmodel = "stranger/model"\npython = "/tmp/evil"\n'
    path = repository.pull_request(
        {"train.py": CLEAN, "pyproject.toml": '[tool.modereview]\nignore = ["MR401"]\n'},
        {"train.py": FAULTY, "pyproject.toml": quiet},
    )
    handed, _ = reviewed(repository, path)
    assert {told.rule for told in handed.findings} == {"MR102"}


def test_settings_that_only_the_branch_has_are_not_read(repository):
    path = repository.pull_request(
        {}, {"train.py": FAULTY, "pyproject.toml": "[tool.modereview]\nnonsense = 1\n"}
    )
    handed, _ = reviewed(repository, path)
    assert ("train.py", "MR102", False) in grave(handed)


@pytest.mark.parametrize("settings", ["", "[tool.modereview]\nselect = ['MR9']\n"], ids=["none", "others"])
def test_a_project_that_only_the_branch_has_has_no_settings_of_its_own(repository, settings):
    path = repository.pull_request(
        {
            "src/train.py": CLEAN,
            "pyproject.toml": '[tool.modereview]\nper-file-ignores = {"src/" = ["MR401"]}\n',
        },
        {"src/train.py": FAULTY, "src/pyproject.toml": settings},
    )
    handed, _ = reviewed(repository, path)
    assert {told.rule for told in handed.findings} == {"MR102"}


def test_an_old_fault_stays_known_where_the_branch_makes_its_folder_a_project(repository):
    path = repository.pull_request(
        {"src/train.py": FAULTY}, {"src/train.py": NOISE + FAULTY, "src/pyproject.toml": ""}
    )
    handed, _ = reviewed(repository, path)
    assert grave(handed) == [("src/train.py", "MR102", True)]


def test_paths_can_be_kept_to(repository):
    path = repository.pull_request({}, {"a/train.py": FAULTY, "b/train.py": FAULTY})
    handed, _ = reviewed(repository, path, Wanted({}, ("a/",), "static"))
    assert handed.reviewed == ("a/train.py",)


def test_comments_that_take_findings_back_are_counted(repository):
    line = "        loss = criterion(model(inputs), labels)"
    code = FAULTY.replace(line, f"{line}  # modereview: ignore[MR102] a teacher")
    handed, _ = reviewed(repository, repository.pull_request({}, {"train.py": code}))
    assert grave(handed) == []
    assert handed.silenced == 1


def test_another_commit_than_the_events_is_refused(repository, capsys, monkeypatch):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    repository.git("checkout", "--quiet", "main")
    monkeypatch.chdir(repository.folder)
    assert main(["github", "--event", str(path)]) == 2
    assert "ref: ${{ github.event.pull_request.head.sha }}" in capsys.readouterr().err


def test_history_that_is_too_short_is_said(repository, tmp_path, capsys, monkeypatch):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    shallow = tmp_path / "shallow"
    repository.git(
        "clone", "--quiet", "--depth=1", "--branch=topic", f"file://{repository.folder}", str(shallow)
    )
    monkeypatch.chdir(shallow)
    assert main(["github", "--event", str(path)]) == 2
    assert "fetch-depth: 0" in capsys.readouterr().err


def test_what_was_not_reached_is_told_once_for_each_reason(tmp_path):
    (tmp_path / "train.py").write_text(CLEAN)
    (read,) = review_all(Settings(paths=(tmp_path / "train.py",), static=True), lambda _: None)
    hint = "This Python has no `wandb`: give the one that has it with --python PATH."
    missed = [Unreached(Target("module", f"Net{n}"), 1, "No module named 'wandb'", hint) for n in range(5)]
    other = Unreached(Target("scenario", "fit"), 1, "TypeError", "")
    handed = tell.handover([replace(read, unreached=(*missed, other))], frozenset(), ("a", "b"), tmp_path, ())
    assert handed.not_run == (
        "train.py: `Net0`, `Net1`, `Net2` and 2 more not reached: No module named 'wandb'. "
        "This Python has no `wandb`: give the one that has it with `install`.",
        "train.py: `fit` not reached: TypeError.",
    )


def test_a_token_that_can_write_runs_no_code(repository, capsys, monkeypatch):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    monkeypatch.chdir(repository.folder)
    for name in ("pull_request_target", "workflow_run"):
        monkeypatch.setenv("GITHUB_EVENT_NAME", name)
        assert main(["github", "--event", str(path)]) == 2
        assert "never run under it" in capsys.readouterr().err


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("warning", 1), ("never", 0)])
def test_the_exit_code_goes_by_fail_on(repository, monkeypatch, fail_on, code):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    monkeypatch.chdir(repository.folder)
    assert main(["github", "--event", str(path), "--static", "--fail-on", fail_on]) == code


def test_an_old_fault_fails_nothing(repository, monkeypatch):
    path = repository.pull_request({"train.py": FAULTY}, {"train.py": NOISE + FAULTY})
    monkeypatch.chdir(repository.folder)
    assert main(["github", "--event", str(path), "--static"]) == 0


def bwrap_that(does, folder, monkeypatch):
    """The only bubblewrap that is found."""
    (folder / "bin").mkdir()
    (folder / "bin" / "bwrap").write_text(f"#!/bin/sh\n{does}\n")
    (folder / "bin" / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


def test_where_the_sandbox_does_not_work_nothing_is_run_and_that_is_said(repository, monkeypatch, tmp_path):
    ran = tmp_path / "ran"
    code = FAULTY.replace("import torch\n", f"import torch\nopen({str(ran)!r}, 'w').write('x')\n", 1)
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": code})
    monkeypatch.chdir(repository.folder)
    bwrap_that("echo 'bwrap: No permissions' >&2; exit 1", tmp_path, monkeypatch)
    main(["github", "--event", str(path), "--handover", str(tmp_path / "h.json")])
    handed = handover.read(tmp_path / "h.json")
    assert handed.notes[0].startswith(
        "Only read, nothing is proved: bubblewrap does not work here (bwrap: No permissions"
    )
    assert {told.state: told.title for told in handed.findings if told.severity == "error"} == {
        "suggested": "call `model.train()` at the start of `train_one_epoch`"
    }
    assert not any(told.proved_by or told.suggestion for told in handed.findings)
    assert not ran.exists()


def test_a_base_that_prefers_a_sandbox_does_not_loosen_the_bots(repository, monkeypatch, tmp_path):
    loose = '[tool.modereview]\nsandbox = "preferred"\n'
    path = repository.pull_request({"train.py": CLEAN, "pyproject.toml": loose}, {"train.py": FAULTY})
    monkeypatch.chdir(repository.folder)
    bwrap_that("exit 1", tmp_path, monkeypatch)
    main(["github", "--event", str(path), "--handover", str(tmp_path / "h.json")])
    findings = handover.read(tmp_path / "h.json").findings
    assert findings and not any(told.proved_by for told in findings)


def test_asked_for_by_name_it_is_run_without_and_that_is_said_too(repository, monkeypatch, tmp_path):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    monkeypatch.chdir(repository.folder)
    bwrap_that("exit 1", tmp_path, monkeypatch)
    main(["github", "--event", str(path), "--handover", str(tmp_path / "h.json"), "--allow-unsandboxed"])
    handed = handover.read(tmp_path / "h.json")
    assert "fixed" in {told.state for told in handed.findings}
    assert any("it could reach the network" in note for note in handed.notes)


def test_the_runner_is_left_a_summary_outputs_and_annotations(repository, monkeypatch, tmp_path, capsys):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    monkeypatch.chdir(repository.folder)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    main(["github", "--event", str(path), "--static", "--sarif", str(tmp_path / "m.sarif")])
    assert "finds 1 error in this change" in (tmp_path / "summary.md").read_text()
    assert "- `train.py:14` **MR102" in (tmp_path / "summary.md").read_text()
    assert "findings=1\nfixed=0\n" in (tmp_path / "output").read_text()
    assert "::error file=train.py,line=14,endLine=14,title=MR102" in capsys.readouterr().out
    assert '"uri": "train.py"' in (tmp_path / "m.sarif").read_text()


@needs_sandbox
@pytest.mark.parametrize("as_folder", [False, True])
def test_an_environment_that_was_made_in_the_checkout_is_used(repository, monkeypatch, tmp_path, as_folder):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    environment = repository.folder / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(sys.executable)
    (environment / "pyvenv.cfg").write_text(Path(sys.prefix, "pyvenv.cfg").read_text())
    (environment / "lib").symlink_to(Path(sys.prefix, "lib"))
    monkeypatch.chdir(repository.folder)
    python = environment if as_folder else environment / "bin" / "python"
    main(["github", "--event", str(path), "--handover", str(tmp_path / "h.json"), "--python", str(python)])
    assert "fixed" in {told.state for told in handover.read(tmp_path / "h.json").findings}


@needs_sandbox
def test_in_the_sandbox_the_fault_is_proved_and_its_fix_offered(repository, monkeypatch, tmp_path):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    monkeypatch.chdir(repository.folder)
    left = tmp_path / "tests"
    words = ["--handover", str(tmp_path / "h.json"), "--tests", str(left)]
    assert main(["github", "--event", str(path), *words]) == 1
    (told,) = [t for t in handover.read(tmp_path / "h.json").findings if t.rule == "MR102"]
    assert told.state == "fixed"
    assert told.suggestion and told.suggestion.text == "    model.train()\n    # one epoch\n"
    assert told.test.startswith("def test_training_runs_in_train_mode")
    assert [p.name for p in left.rglob("*.py")] == ["test_train_modes.py"]
    assert repository.git("status", "--short") == ""
