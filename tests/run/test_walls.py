"""What bubblewrap keeps from user code. Each test tries, in the sandbox, and must not get through."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from modereview.records import Status
from modereview.run import Worker

pytestmark = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")


def answer(worker, body, **request):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return worker.ask({}, f"import os, sys, socket\ndef main(request):\n{lines}", request, timeout=30.0)


def attempt(worker, statement, **request):
    """The name of the error that a statement raises in the sandbox, "" where it gets through."""
    tried = f"try:\n    {statement}\nexcept Exception as error:\n    return {{'error': type(error).__name__}}"
    return answer(worker, f"{tried}\nreturn {{'error': ''}}", **request)["error"]


def test_no_warnings(walled):
    assert answer(walled, "return {}") == {}
    assert walled.warnings == ()


def test_no_network(walled):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert attempt(walled, "socket.create_connection(('127.0.0.1', request['port']), 2)", port=port)
    assert attempt(walled, "socket.create_connection(('1.1.1.1', 53), 2)")
    assert attempt(walled, "socket.getaddrinfo('pytorch.org', 443)")


def test_no_secrets_in_the_environment(project, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with Worker(project) as worker:
        seen = answer(worker, "return dict(os.environ)")
        printed = answer(
            worker,
            "return {'of 1': open('/proc/1/environ').read() if os.access('/proc/1/environ', 4) else ''}",
        )
    assert "sk-secret" not in {*seen.values(), *printed.values()}
    assert set(seen) <= {
        *("LANG", "LC_ALL", "TZ", "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "PWD", "LD_LIBRARY_PATH"),
        *(
            "PYTHONDONTWRITEBYTECODE",
            "PYTHONHASHSEED",
            "PYTHONNOUSERSITE",
            "OMP_NUM_THREADS",
            "MKL_NUM_THREADS",
            "OMP_WAIT_POLICY",
        ),
        *("CUDA_VISIBLE_DEVICES", "MPLBACKEND", "HF_HUB_OFFLINE", "WANDB_MODE"),
        *(
            name for name in seen if name.startswith(("TORCH", "KMP", "TRITON", "PYTORCH"))
        ),  # torch sets its own
    }


def test_libraries_are_told_that_there_is_no_network(project):
    with Worker(project) as worker:
        seen = answer(worker, "return dict(os.environ)")
    assert seen["HF_HUB_OFFLINE"] == "1"  # else transformers tries for minutes


def test_the_home_is_hidden(project, tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    (home / "secret").write_text("x")
    monkeypatch.setenv("HOME", str(home))
    with Worker(project) as worker:
        assert attempt(worker, "open(request['path'])", path=str(home / "secret")) == "FileNotFoundError"


def test_a_home_that_is_the_project_shows_no_private_files(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id").write_text("x")
    (home / "train.py").write_text("X = 1")
    monkeypatch.setenv("HOME", str(home))
    with Worker(home) as worker:
        assert answer(worker, "return {'seen': os.listdir('.')}") == {"seen": ["train.py"]}
        assert attempt(worker, "open(request['path'])", path=str(home / ".ssh" / "id")) == "FileNotFoundError"


@pytest.mark.parametrize("path", ["/etc/x", "/usr/x", "/var/tmp/x", "/run/x", "/dev/x", "/home/x", "/x"])
def test_nothing_is_written_outside_the_scratch_folder(walled, path):
    assert attempt(walled, "open(request['path'], 'w')", path=path) in (
        "OSError",
        "PermissionError",
        "FileNotFoundError",
    )
    assert not Path(path).exists()


def test_the_project_is_read_only_through_the_mirror_too(run_walled, project):
    code = "def test_a():\n    open('helper.py', 'a')\n"
    assert run_walled(code)["test_a"].status is Status.BROKEN
    assert (project / "helper.py").read_text() == "SIZE = 3\n"


def test_processes_of_the_host_are_not_seen(walled):
    seen = answer(walled, "return {'pids': [int(p) for p in os.listdir('/proc') if p.isdigit()]}")["pids"]
    assert len(seen) < 10
    assert os.getpid() not in seen or os.getpid() < 10


def test_root_is_given_up(walled):
    facts = answer(walled, "return {'uid': os.getuid(), 'status': open('/proc/self/status').read()}")
    assert facts["uid"] != 0
    assert "CapEff:\t0000000000000000" in facts["status"]
    assert "NoNewPrivs:\t1" in facts["status"]
    assert attempt(walled, "os.setuid(0)") in ("PermissionError", "OSError")  # the latter: no such user


def test_processes_are_limited(walled):
    body = """import time
made = 0
try:
    while made < 2000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
except OSError:
    pass
return {'made': made}"""
    assert answer(walled, body)["made"] < 200
    assert (
        answer(walled, "return {'pids': len([p for p in os.listdir('/proc') if p.isdigit()])}")["pids"] < 10
    )


def test_the_scratch_folder_is_limited(walled):
    body = """written = 0
try:
    for n in range(40):
        with open(f'f{n}', 'wb') as f:
            f.truncate(0)
            for _ in range(10):
                written += f.write(bytes(2**24))
except OSError:
    pass
return {'written': written}"""
    assert answer(walled, body)["written"] <= 2**30
    assert answer(walled, "return {'left': os.listdir('/run/modereview').__len__()}") == {"left": 1}


def test_a_project_of_roots_alone_can_be_read(tmp_path):
    (tmp_path / "secret.py").write_text("X = 5")
    (tmp_path / "secret.py").chmod(0o600)
    with Worker(tmp_path) as worker:
        assert answer(worker, "return {'text': open('secret.py').read()}") == {"text": "X = 5"}
