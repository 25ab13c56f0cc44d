"""Workers that all tests of this room share, for starting one takes as long as importing torch twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from modereview.records import Outcome
from modereview.run import Job, Worker
from modereview.run.inside.messages import Limits

needs_bubblewrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
LIMITS = Limits(memory=2**29, file_size=2**28, processes=100)
Runner = Callable[..., dict[str, Outcome]]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "tests").mkdir()
    (root / "train.py").write_text("from helper import SIZE\n\nNAME = 'as on disk'\n")
    (root / "helper.py").write_text("SIZE = 3\n")
    (root / "tests" / "test_disk.py").write_text("def test_on_disk():\n    pass\n")
    return root


@pytest.fixture(scope="session")
def walled(project: Path) -> Iterator[Worker]:
    """A worker in bubblewrap."""
    with Worker(project, timeout=2.0, limits=LIMITS) as worker:
        yield worker


@pytest.fixture(scope="session")
def bare(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker that finds no bubblewrap."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
        worker = Worker(project, timeout=2.0, limits=LIMITS)
        worker.start()
    with worker:
        yield worker


@pytest.fixture(scope="session", params=[pytest.param("walled", marks=needs_bubblewrap), "bare"])
def worker(request: pytest.FixtureRequest) -> Worker:
    found: Worker = request.getfixturevalue(request.param)
    return found


def run_on(worker: Worker) -> Runner:
    """A short way to run the text of one test file."""

    def run(code: str, *names: str, how: str = "direct", **files: bytes) -> dict[str, Outcome]:
        overlay = {
            "tests/test_it.py": code.encode(),
            **{k.replace("_py", ".py"): v for k, v in files.items()},
        }
        job = Job(overlay, "tests/test_it.py", names or None, "pytest" if how == "pytest" else "direct")
        return {outcome.case: outcome for outcome in worker.run([job])[0]}

    return run


@pytest.fixture
def run(worker: Worker) -> Runner:
    return run_on(worker)


@pytest.fixture
def run_walled(walled: Worker) -> Runner:
    return run_on(walled)
