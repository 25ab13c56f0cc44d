"""The worker's door: the project as tests see it, questions, several jobs, order."""

import os
import time
from pathlib import Path

import pytest
from modereview.records import Status
from modereview.run import Failed, Job, Worker

IMPORTS = """
import sys
from pathlib import Path
ROOT = Path(__file__).absolute().parents[1]
sys.path.insert(0, str(ROOT))
"""


def test_a_test_sees_the_project_with_files_laid_over_it(run):
    code = (
        IMPORTS + "def test_a():\n    import train\n    assert (train.NAME, train.SIZE) == ('laid over', 3)\n"
    )
    found = run(code, train_py=b"from helper import SIZE\nNAME = 'laid over'\n")
    assert found["test_a"].status is Status.PASSED


def test_and_without_them_as_it_is_on_disk(run, project):
    code = IMPORTS + "def test_a():\n    import train\n    assert train.NAME == 'as on disk'\n"
    assert run(code)["test_a"].status is Status.PASSED
    assert not (project / "tests" / "test_it.py").exists()


def test_a_test_file_on_disk_runs_too(worker):
    (outcomes,) = worker.run([Job({}, "tests/test_disk.py")])
    assert [(o.case, o.status) for o in outcomes] == [("test_on_disk", Status.PASSED)]


def test_the_working_folder_is_the_mirror_and_home_is_not_the_users(run):
    code = IMPORTS + (
        "import os, tempfile\n"
        "def test_a():\n"
        "    assert Path.cwd() == ROOT\n"
        "    assert Path.home().parent == ROOT.parent == Path(tempfile.gettempdir()).parent\n"
        "    (Path.home() / 'x').write_text('1'); Path('out.txt').write_text('1')\n"
    )
    assert run(code)["test_a"].status is Status.PASSED


def test_messages_show_paths_as_the_user_knows_them(run):
    code = IMPORTS + "def test_a():\n    raise OSError(f'{ROOT}/train.py is odd')\n"
    assert run(code)["test_a"].message == "OSError: train.py is odd"


def test_jobs_keep_their_order_and_do_not_see_each_other(worker):
    def job(number: int) -> Job:
        body = "    assert 'left' not in os.listdir('.')\n    open('left', 'w').close()\n"
        code = f"import os\ndef test_{number}():\n{body}"
        return Job({"test_n.py": code.encode()}, "test_n.py")

    found = worker.run([job(n) for n in range(8)])
    assert [(o[0].case, o[0].status) for o in found] == [(f"test_{n}", Status.PASSED) for n in range(8)]


def test_a_question_is_answered(worker):
    code = """import sys, torch
sys.path.insert(0, '.')
import helper
def main(request):
    return {'sum': torch.ones(request['n']).sum().item() + helper.SIZE}"""
    assert worker.ask({"helper.py": b"SIZE = 10"}, code, {"n": 4}) == {"sum": 14.0}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("raise KeyError('x')", Status.BROKEN, "KeyError: 'x'"),
        ("exit(0)", Status.BROKEN, "SystemExit: 0"),
        (
            "return {'a': object()}",
            Status.BROKEN,
            "TypeError: Object of type object is not JSON serializable",
        ),
        ("return [1]", Status.BROKEN, "gave no answer"),
        ("import os; os._exit(0)", Status.CRASHED, "ended early, exit code 0"),
        ("import os; os.abort()", Status.CRASHED, "killed by SIGABRT"),
        ("import time; time.sleep(60)", Status.TIMEOUT, "no result within 0.5 s"),
    ],
)
def test_a_question_that_fails(worker, body, status, message):
    with pytest.raises(Failed) as caught:
        worker.ask({}, f"def main(request):\n    {body}", {}, timeout=0.5)
    assert (caught.value.status, caught.value.message) == (status, message)


def test_a_large_answer_arrives(worker):
    assert len(worker.ask({}, "def main(r): return {'x': 'y' * 3_000_000}", {})["x"]) == 3_000_000


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.py", "a/../../b.py"])
def test_no_file_is_laid_outside_the_project(worker, name):
    with pytest.raises(ValueError, match="does not lie in the project"):
        worker.run([Job({name: b""}, "tests/test_disk.py")])


def test_optimizers_are_warm_and_operators_do_not_hang(run):
    code = (
        "import torch, time\n"
        "def test_a():\n"
        "    began = time.monotonic(); net = torch.nn.Linear(4, 4)\n"
        "    torch.optim.Adam(net.parameters()).step(); net(torch.ones(512, 4)).sum().backward()\n"
        "    assert time.monotonic() - began < 0.8, 'torch._dynamo was not imported beforehand'\n"
    )
    assert run(code)["test_a"].status is Status.PASSED


def test_packages_are_imported_beforehand_but_never_the_projects(tmp_path):
    (tmp_path / "helper.py").write_text("raise SystemExit")
    code = "import sys\ndef main(r): return {'had': [n for n in r['names'] if n in sys.modules]}"
    with Worker(tmp_path, packages=("wave", "helper", "not_there")) as worker:
        assert worker.ask({}, code, {"names": ["wave", "helper", "torch"]}) == {"had": ["wave", "torch"]}


def test_start_does_not_wait(tmp_path):
    with Worker(tmp_path) as worker:
        began = time.monotonic()
        worker.start()
        assert time.monotonic() - began < 1.0


def test_leaving_ends_everything_and_removes_every_file(tmp_path, monkeypatch):
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setenv("PATH", "")
    with Worker(tmp_path) as worker:
        child = worker.ask({}, "import os\ndef main(r): return {'server': os.getppid()}", {})["server"]
        assert list(scratch.iterdir())
    assert not list(scratch.iterdir())
    assert not Path(f"/proc/{child}").exists()
    assert os.getpid() != child
