"""Tries every attack in one sandbox, and prints as JSON what each got: python -m attacks [--bare].

It runs as whoever starts it. `--bare`: without bubblewrap, those attacks that harm nothing but what is set up
for them.
"""

from __future__ import annotations

import json
import os
import sys

from modereview.records import Status
from modereview.run import Failed, Job, Worker
from modereview.run.inside.messages import Limits

from attacks.breakouts import BREAKOUTS, CONTAINED
from attacks.fakes import FAKES
from attacks.host import Host

SECONDS = 3.0
LIMITS = Limits(memory=2**29, file_size=2**28, processes=64)
HOW = ("direct", "in pytest", "on import")
TEST = b"""
import train, torch
def same(first, second):
    return torch.allclose(first, second)
def test_it():
    train.attack()
    assert same(torch.zeros(2), torch.ones(2)), "zeros are not ones"
"""


def main() -> None:
    """Print who tried, what the tool warns of, and {attack: what it got, "" for nothing}."""
    bare = "--bare" in sys.argv
    with Host() as host:
        with Worker(host.project, timeout=SECONDS, limits=LIMITS) as worker:
            path = os.environ["PATH"]
            os.environ["PATH"] = "/nowhere" if bare else path  # where bubblewrap is looked for
            worker.start()
            os.environ["PATH"] = path
            names = CONTAINED if bare else tuple(BREAKOUTS)
            got = {name: breakout(worker, BREAKOUTS[name], host) for name in names}
            got |= {f"{name}, {how}": fake(worker, FAKES[name], how) for name in FAKES for how in HOW}
            warnings = worker.warnings
        got["SOMETHING LIVES ON"] = ", ".join(host.naps())
    print(json.dumps({"user": os.getuid(), "warnings": warnings, "got": got}))


def breakout(worker: Worker, body: str, host: Host) -> str:
    """What an attack got or did to the host; and the sandbox must serve the next one."""
    code = f"def main(it):\n{indented(body)}    return {{}}\n"
    try:
        got = worker.ask({}, code, host.facts(), SECONDS).get("got")
    except Failed:
        got = None
    well = worker.ask({}, "def main(it): return {'well': True}", {})["well"]
    return str(got or host.damage() or ("" if well else "the worker"))


def fake(worker: Worker, body: str, how: str) -> str:
    """Whether a test that must fail was believed to have passed."""
    script = f"def attack():\n{indented(body)}"
    if how == "on import":
        script += "try:\n    attack()\nexcept SystemExit:\n    pass\n"
    files = {"train.py": script.encode(), "test_it.py": TEST}
    job = Job(files, "test_it.py", ("test_it",), "pytest" if how == "in pytest" else "direct")
    (outcomes,) = worker.run([job])
    return "a pass" if any(outcome.status is Status.PASSED for outcome in outcomes) else ""


def indented(body: str) -> str:
    """A body as lines of a function."""
    return "".join(f"    {line}\n" for line in body.strip().splitlines())


if __name__ == "__main__":
    main()
