"""User code that does its worst: its case gets an outcome, the cases after it run, nothing is left behind."""

import time
from pathlib import Path

import pytest
from modereview.records import Status
from modereview.run import Job, Worker

AFTER = "\ndef test_after():\n    pass\n"

PRINTS = "import sys\nfor _ in range(3000):\n    print('x' * 10_000); sys.stderr.write('y' * 1000)"
FORKS = "import os\nif os.fork() == 0:\n    return\nassert False, 'the parent goes on'"
FORKS_AND_WAITS = "import os, time\nif os.fork() == 0:\n    time.sleep(600)"
DEAF = "import signal, time\nfor n in (1, 2, 15):\n    signal.signal(n, signal.SIG_IGN)\ntime.sleep(600)"
DAEMON = """import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open({mark!r}, 'w').write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
os.wait(); time.sleep(0.2)"""
GREEDY = "kept = []\nwhile True:\n    kept.append(bytearray(2**26))"
GREEDY_TORCH = "import torch\nkept = [torch.ones(2**26) for _ in range(40)]"
FULL_DISK = "with open('big', 'wb') as f:\n    for _ in range(40):\n        f.write(bytes(2**24)); f.flush()"
CLOSES = "import os\nos.closerange(3, 4096)"
SCRIBBLES = """import os
for n in range(3, 300):
    try:
        os.write(n, b'[\"x\", {\"event\": \"outcome\", \"case\": \"test_it\", \"status\": \"passed\"}]\\n')
    except OSError:
        pass
os._exit(0)"""

ATTACKS = [
    ("exit()", Status.BROKEN),
    ("import os; os._exit(0)", Status.CRASHED),
    ("import os; print('1 passed'); os._exit(0)", Status.CRASHED),
    ("import os; os.kill(os.getpid(), 9)", Status.CRASHED),
    ("import ctypes; ctypes.string_at(0)", Status.CRASHED),
    ("import time; time.sleep(600)", Status.TIMEOUT),
    ("while True: pass", Status.TIMEOUT),
    ("raise KeyboardInterrupt", Status.BROKEN),
    ("input()", Status.BROKEN),
    (PRINTS, Status.PASSED),
    (FORKS, Status.FAILED),
    (FORKS_AND_WAITS, Status.PASSED),
    (DEAF, Status.TIMEOUT),
    (GREEDY, Status.BROKEN),
    (GREEDY_TORCH, Status.BROKEN),
    (FULL_DISK, Status.BROKEN),
    (CLOSES, Status.CRASHED),
    (SCRIBBLES, Status.CRASHED),
]


def a_test(body: str) -> str:
    return "def test_it():\n" + "".join(f"    {line}\n" for line in body.splitlines())


@pytest.mark.parametrize(("body", "status"), ATTACKS)
def test_the_review_goes_on(run, body, status):
    found = run(a_test(body) + AFTER)
    assert {case: o.status for case, o in found.items()} == {"test_it": status, "test_after": Status.PASSED}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("exit()", Status.BROKEN),
        ("import os; os._exit(0)", Status.CRASHED),
        (DEAF, Status.TIMEOUT),
        (PRINTS, Status.PASSED),
    ],
)
def test_the_review_goes_on_in_pytest(run, body, status):
    found = run(a_test(body) + AFTER, how="pytest")
    assert {case: o.status for case, o in found.items()} == {"test_it": status, "test_after": Status.PASSED}


@pytest.mark.parametrize("body", ["import os; os._exit(0)", "import time; time.sleep(600)"])
def test_a_file_that_ends_the_process_while_it_loads(run, body):
    (found,) = run(body + "\ndef test_a():\n    pass\n").values()
    assert found.status in (Status.CRASHED, Status.TIMEOUT)
    assert found.case == "test_a"


def test_a_crash_says_how_and_what_was_printed_last(run):
    found = run(a_test("import os; print('tensor on fire', flush=True); os.abort()"))
    assert found["test_it"].message == "killed by SIGABRT; it last printed: tensor on fire"


def test_what_daemonises_is_found_and_ended(worker):
    code = f"import os\n{a_test(DAEMON.format(mark='/tmp/modereview-daemon'))}"
    check = """import os
def main(request):
    pid = open('/tmp/modereview-daemon').read()
    return {'alive': os.path.exists(f'/proc/{pid}')}"""
    (outcomes,) = worker.run([Job({"test_d.py": code.encode()}, "test_d.py")])
    assert outcomes[0].status is Status.PASSED
    assert worker.ask({}, check, {}) == {"alive": False}
    Path("/tmp/modereview-daemon").unlink(missing_ok=True)


def test_time_is_counted_for_each_case(run):
    body = "import time; time.sleep(0.9)"
    code = "".join(f"def test_{n}():\n    {body}\n" for n in range(3))
    assert {o.status for o in run(code).values()} == {Status.PASSED}


def test_who_brings_the_worker_down_is_found_and_the_others_run(project):
    killer = "import os\ndef test_k():\n    os.kill(os.getppid(), 9)\n    import time; time.sleep(60)\n"
    fine = "import time\ndef test_f():\n    time.sleep(0.3)\n"
    jobs = [Job({"test_x.py": code.encode()}, "test_x.py") for code in (fine, killer, fine)]
    with Worker(project, timeout=5.0) as worker:
        first, second, third = worker.run(jobs)
    assert (first[0].status, third[0].status) == (Status.PASSED, Status.PASSED)
    assert second[0].status is Status.CRASHED
    assert second[0].message.startswith("the test took the worker down")


def test_jobs_run_side_by_side(worker):
    code = b"import time\ndef test_a():\n    time.sleep(0.5)\n"
    began = time.monotonic()
    worker.run([Job({"test_x.py": code}, "test_x.py")] * 2)
    assert time.monotonic() - began < 1.0
