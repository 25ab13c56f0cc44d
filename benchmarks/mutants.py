"""What a mutant costs: a warm worker that forks and calls test functions, against pytest started anew.

Both sides run the tests of examples/clean.py on the same mutants, one after the other, in one run: cold, a
new pytest for each mutant that stops at the first failure; warm, as a review does it, on all cores. Prints
the rates, their ratio and the aim. The time to start the worker is printed and not counted: a review pays it
once.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from modereview import parse
from modereview.analyze import analyze
from modereview.fix.mutants import mutants
from modereview.records import Mutant
from modereview.run import Job, Worker

SCRIPT = Path(__file__).resolve().parents[1] / "examples" / "clean.py"
AIM = 20.0  # times the cold rate


def cold(folder: Path, test: Path, made: Sequence[Mutant]) -> float:
    """Seconds for a pytest of its own for each mutant."""
    began = time.perf_counter()
    for mutant in made:
        (folder / SCRIPT.name).write_bytes(mutant.source.raw)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", str(test)]
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode not in (0, 1):
            sys.exit(done.stdout.decode())
    shutil.copy(SCRIPT, folder)
    return time.perf_counter() - began


def warm(folder: Path, test: Path, made: Sequence[Mutant]) -> tuple[float, float]:
    """Seconds to start the worker, and seconds for all mutants."""
    began = time.perf_counter()
    with Worker(folder) as worker:
        jobs = [Job({m.source.name: m.source.raw}, test.name, until_failure=True) for m in made]
        worker.run(jobs[:1])
        started = time.perf_counter()
        worker.run(jobs)
        return started - began, time.perf_counter() - started


def main() -> None:
    """Measure, and print both rates, their ratio and the aim."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--mutants", type=int, default=12, help="how many (default: 12)")
    wanted = parser.parse_args().mutants
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        script = Path(shutil.copy(SCRIPT, folder))
        review = [sys.executable, "-m", "modereview", "--offline", script.name]
        subprocess.run(review, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True)
        test = folder / f"test_{script.stem}_modes.py"
        made = mutants(analyze(parse.read(script, folder)))[:wanted]
        slow = cold(folder, test, made)
        start, quick = warm(folder, test, made)
    print(f"cold   {slow / len(made):6.3f} s a mutant   {len(made)} mutants, a new pytest each")
    print(f"warm   {quick / len(made):6.3f} s a mutant   the same, forked ({start:.1f} s to start, once)")
    print(f"ratio  {slow / quick:6.1f}                aim {AIM:.0f}")


if __name__ == "__main__":
    main()
