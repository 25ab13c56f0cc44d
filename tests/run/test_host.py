"""Starting: with bubblewrap, without it, where it does not work, and where there is no torch."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from modereview.errors import ToolError
from modereview.run import Failed, NoSandbox, Worker, apparmor, choose_python

needs_bubblewrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
ALIVE = "def main(request): return {'alive': True}"


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_without_bubblewrap_the_warning_says_what_is_not_protected(bare):
    assert bare.ask({}, ALIVE, {}) == {"alive": True}
    assert bare.warnings[0].startswith("bubblewrap (bwrap) is not installed, so your code ran with limits")
    assert "could reach the network and read and change your files" in bare.warnings[0]


def test_where_bubblewrap_does_not_work_it_is_done_without(tmp_path, monkeypatch):
    executable(
        tmp_path / "bin" / "bwrap",
        "#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n",
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with Worker(tmp_path) as worker:
        assert worker.ask({}, ALIVE, {}) == {"alive": True}
        expected = "bubblewrap does not work here (bwrap: No permissions to create a new namespace)"
        assert worker.warnings[0].startswith(expected)


def test_where_a_sandbox_is_required_and_missing_nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        Worker(tmp_path, sandboxed=True) as worker,
        pytest.raises(NoSandbox, match=r"\(bwrap\) is not installed, and the sandbox is required"),
    ):
        worker.start()


def test_where_a_sandbox_is_required_and_does_not_work_nothing_is_run(tmp_path, monkeypatch):
    executable(tmp_path / "bin" / "bwrap", "#!/bin/sh\necho 'bwrap: no namespace' >&2\nexit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    code = f"open({str(tmp_path / 'ran')!r}, 'w')\n{ALIVE}"
    with Worker(tmp_path, sandboxed=True) as worker:
        for _ in range(2):  # asked again it gives the same answer
            with pytest.raises(NoSandbox, match=r"does not work here \(bwrap: no namespace"):
                worker.ask({}, code, {})
    assert not (tmp_path / "ran").exists()


@needs_bubblewrap
@pytest.mark.parametrize("sandboxed", [True, False])
def test_a_sandbox_that_has_worked_is_never_done_without(tmp_path, monkeypatch, sandboxed):
    # What fails from its second start on: as where code under test used up what bubblewrap needs.
    real, started = shutil.which("bwrap"), tmp_path / "started"
    executable(
        tmp_path / "bin" / "bwrap",
        f'#!/bin/sh\ncase "$*" in *--version*) exec {real} --version;; esac\n'
        f'[ -e {started} ] && exit 1\ntouch {started}\nexec {real} "$@"\n',
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with Worker(tmp_path, sandboxed=sandboxed) as worker:
        assert worker.ask({}, ALIVE, {}) == {"alive": True}
        with pytest.raises(Failed, match="took the worker down"):
            worker.ask({}, "import os, signal\ndef main(r): os.kill(os.getppid(), signal.SIGKILL)", {})
        with pytest.raises(NoSandbox, match="worked at first and does not any more"):
            worker.ask({}, ALIVE, {})


@pytest.mark.parametrize(("switch", "told"), [("1\n", True), ("0\n", False), (None, False)])
def test_where_apparmor_is_in_the_way_that_is_told(tmp_path, switch, told):
    if switch is not None:
        (tmp_path / "switch").write_text(switch)
    assert ("needs an AppArmor profile" in apparmor.hint(tmp_path / "switch")) is told


def test_the_interpreter_without_torch_is_named(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    with pytest.raises(ToolError, match=r"torch is not installed for .*/env/bin/python; .*--python"):
        Worker(tmp_path, choose_python(tmp_path / "env", {})).start()


@needs_bubblewrap
def test_an_interpreter_without_pytest_borrows_the_tools(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    import torch

    site = next((tmp_path / "env" / "lib").glob("python*")) / "site-packages"
    packages = Path(torch.__file__).parents[1]
    for entry in packages.iterdir():
        if not entry.name.startswith(
            ("pytest", "_pytest", "pluggy", "iniconfig", "__", "_distutils", "distutils")
        ):
            (site / entry.name).symlink_to(entry)
    code = "import pytest, sys\ndef main(r): return {'prefix': sys.prefix, 'from': pytest.__file__}"
    with Worker(tmp_path, tmp_path / "env" / "bin" / "python") as worker:
        facts = worker.ask({}, code, {})
    assert facts == {"prefix": str(tmp_path / "env"), "from": "/run/modereview/borrowed/pytest/__init__.py"}


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho hello\n"])
def test_what_is_no_python_is_told(tmp_path, text):
    with pytest.raises(ToolError, match="does not answer as a Python interpreter does"):
        Worker(tmp_path, executable(tmp_path / "python", text)).start()


def test_the_interpreter_is_chosen_by_name_then_by_what_is_active(tmp_path):
    venv, conda = (executable(tmp_path / name / "bin" / "python", "") for name in ("venv", "conda"))
    active = {"VIRTUAL_ENV": str(tmp_path / "venv"), "CONDA_PREFIX": str(tmp_path / "conda")}
    assert choose_python(None, {}) == Path(sys.executable)
    assert choose_python(None, active) == venv
    assert choose_python(None, {**active, "VIRTUAL_ENV": "/gone"}) == conda
    assert choose_python(conda, active) == conda
    assert choose_python(tmp_path / "conda", active) == conda
    assert choose_python(Path("python"), {"PATH": str(venv.parent)}) == venv
    with pytest.raises(ToolError, match="is not a Python interpreter that can be run; name the interpreter"):
        choose_python(tmp_path / "none", {})


@pytest.mark.parametrize(
    "path", [pytest.param(os.environ.get("PATH", ""), id="as-is"), pytest.param("", id="bare")]
)
def test_ctrl_c_ends_the_worker_its_children_and_their_files(tmp_path, path):
    (tmp_path / "T").mkdir()
    program = textwrap.dedent(f"""
        from pathlib import Path
        from modereview.run import Worker
        with Worker(Path({str(tmp_path)!r})) as worker:
            worker.ask({{}}, "def main(r): return {{}}", {{}})
            print("warm", flush=True)
            worker.ask({{}}, "import time, sys\\ndef main(r): time.sleep(60)", {{}}, 60.0)
    """)
    import modereview

    environment = {
        "PATH": path,
        "TMPDIR": str(tmp_path / "T"),
        "PYTHONPATH": str(Path(modereview.__file__).parents[1]),
        "MARK": str(tmp_path),
    }
    host = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert host.stdout is not None
    assert host.stdout.readline() == b"warm\n"
    time.sleep(0.3)
    host.send_signal(signal.SIGINT)
    _, printed = host.communicate(timeout=20)
    assert b"KeyboardInterrupt" in printed
    assert not list((tmp_path / "T").iterdir())
    deadline = time.monotonic() + 5
    while (left := _mentioning(str(tmp_path))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def _mentioning(text: str) -> list[str]:
    """Processes other than this one that were started for a project."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                line = (process / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if text in line and "bwrap" in line:
                found.append(line)
    return found
