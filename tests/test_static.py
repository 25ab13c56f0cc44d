"""`--static` over many files: all cores, the cache, and files that crash or hang the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from modereview import cli, static
from modereview.looks import Look
from modereview.parallel import Failure, each
from modereview.parse import Content
from modereview.records import Review
from modereview.settings import Settings

FAULTY = """\
import torch
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        return torch.nn.functional.dropout(x, 0.5)
"""
CLEAN = "import torch\nprint(torch.ones(1))\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    return place


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(12):
        (tmp_path / f"{number:02}.py").write_text(FAULTY if number % 3 == 0 else CLEAN)
    return tmp_path


def run(project: Path, *names: str, **settings: object) -> tuple[tuple[Review, ...], list[str]]:
    refused: list[str] = []
    paths = [project / name for name in names] or sorted(project.glob("*.py"))
    reviews = static.review_files(paths, Settings(static=True, **settings), lambda _: None, refused.append)  # type: ignore[arg-type]
    return reviews, refused


def count_looks(monkeypatch: pytest.MonkeyPatch, log: Path) -> None:
    def counted(source: object, **rest: object) -> object:
        with log.open("a") as file:
            file.write("x")
        return analyze(source, **rest)  # type: ignore[arg-type]

    analyze = static.analyze
    monkeypatch.setattr(static, "analyze", counted)


def _pid(task: int) -> int:
    return os.getpid()


def _double_or_fail(task: int) -> int:
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if task == 5:
        time.sleep(60)
    if task == 7:
        raise ValueError("seven")
    return 2 * task


def test_a_crash_or_a_hang_ends_one_task_only() -> None:
    answers = dict(each(_double_or_fail, range(10), limit=1.0, processes=2))
    good = {n: 2 * n for n in range(10) if n not in (3, 5, 7)}
    assert {n: a for n, a in answers.items() if not isinstance(a, Failure)} == good
    assert answers[3] == Failure("its process ended with code -9")
    assert answers[5] == Failure("it took more than 1 seconds", hung=True)
    assert answers[7] == Failure("ValueError: seven")


def test_tasks_are_drawn_as_processes_become_free_and_none_outlives_the_call() -> None:
    drawn: list[int] = []
    answers = each(_pid, (drawn.append(n) or n for n in range(100)), limit=5, processes=2)
    pids = {next(answers)[1]}
    assert len(drawn) <= 4
    pids |= {pid for _, pid in answers}
    assert len(drawn) == 100 and len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)  # type: ignore[arg-type]


def test_the_order_is_that_of_the_paths_and_equal_on_every_run(project: Path) -> None:
    first, second = run(project)[0], run(project)[0]
    assert [r.source.name for r in first] == [f"{n:02}.py" for n in range(12)]
    assert [r.findings for r in first] == [r.findings for r in second]
    assert [bool(r.findings) for r in first] == [n % 3 == 0 for n in range(12)]


def test_a_warm_run_looks_at_nothing_but_what_changed(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("log") / "looks"
    count_looks(monkeypatch, log)
    run(project)
    assert len(log.read_text()) == 12
    (project / "01.py").write_text(FAULTY)
    reviews, _ = run(project)
    assert len(log.read_text()) == 13 and reviews[1].findings
    run(project, select=("MR1",))
    assert len(log.read_text()) == 25


def test_no_cache_neither_reads_nor_writes(
    project: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--static", "--no-cache", str(project)]) == 1
    assert not list(own_cache.rglob("*"))
    assert cli.main(["--static", str(project)]) == 1
    assert len([p for p in own_cache.rglob("*") if p.is_file()]) == 12
    capsys.readouterr()


def test_a_bad_file_is_told_in_order_and_also_from_the_cache(project: Path) -> None:
    (project / "05.py").write_text("import torch\nprint 'x'\n")
    for _ in range(2):
        reviews, refused = run(project)
        assert len(reviews) == 11 and len(refused) == 1
        assert refused[0].startswith("05.py:2:1 is not Python 3")
    _, refused = run(project, "missing.py", "05.py")
    assert [sentence.rpartition("/")[2].split()[0] for sentence in refused] == ["missing.py", "05.py:2:1"]


def test_a_review_keeps_text_only_where_lines_of_it_are_shown(project: Path) -> None:
    faulty, clean = run(project, "00.py", "01.py")[0]
    assert faulty.source.code == FAULTY and "tree" not in faulty.source.__dict__
    assert (clean.source.code, clean.source.raw, clean.source.path) == ("", b"", project / "01.py")


def _crash_or_hang(content: Content, **_: object) -> Look:
    if content.path.name == "02.py":
        os.kill(os.getpid(), signal.SIGKILL)
    if content.path.name == "04.py":
        time.sleep(60)
    return Look()


def test_crash_and_hang_are_said_in_the_report(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "look", _crash_or_hang)
    monkeypatch.setattr(static, "LIMIT", 1.0)
    reviews, refused = run(project)
    assert len(reviews) == 12 and not refused
    assert reviews[2].internal_errors == ("its process ended with code -9",)
    assert reviews[4].not_run == ("It took more than 1 seconds, and was left out",)
    assert not any(r.internal_errors or r.not_run for n, r in enumerate(reviews) if n not in (2, 4))


def test_a_file_beside_is_part_of_what_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "net.py").write_text(CLEAN)
    (tmp_path / "train.py").write_text("import torch\nfrom net import Net\nnet = Net()\nnet.eval()\n")
    found = static.look(
        Content(tmp_path / "train.py", tmp_path, (tmp_path / "train.py").read_bytes()), (), ()
    )
    assert "net.py" in dict(found.beside)


def test_a_static_run_imports_neither_libcst_nor_torch(project: Path) -> None:
    code = (
        "import sys; from modereview import cli; cli.main(sys.argv[1:]);"
        "sys.exit(sum(name in sys.modules for name in ('libcst', 'torch', 'openai')))"
    )
    command = [sys.executable, "-c", code, "--static", "--no-cache", str(project)]
    source = str(Path(cli.__file__).parents[1])
    ran = subprocess.run(command, env={**os.environ, "PYTHONPATH": source}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
