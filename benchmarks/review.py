"""How long a whole offline review of examples/tutorial.py takes, in units of a bare `import torch`.

Both run alternately with the same interpreter, each in a process of its own, so that a slow moment of the
machine meets both. Prints the medians and their ratio; the limit is printed, not enforced, because the
time of one run on a shared machine proves nothing.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "examples" / "tutorial.py"
LIMIT = 8.0  # times a bare import


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of a command that must succeed; its output is shown only if it does not."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return elapsed


def import_torch() -> float:
    """Seconds for a new interpreter to import torch and end."""
    return seconds([sys.executable, "-c", "import torch"], Path.cwd())


def review() -> float:
    """Seconds for the whole command, from finding to writing back, on a fresh copy."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(SCRIPT, folder)
        return seconds([sys.executable, "-m", "modereview", "--offline", SCRIPT.name], Path(folder))


def main() -> None:
    """Measure, and print medians, ratio and limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--runs", type=int, default=5, help="of each (default: 5)")
    runs = parser.parse_args().runs
    import_torch()  # the first one reads torch from the disk
    pairs = [(import_torch(), review()) for _ in range(runs)]
    bare, whole = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"import torch          {bare:6.2f} s   median of {runs}")
    print(f"review of tutorial.py {whole:6.2f} s   median of {runs}")
    print(f"ratio                 {whole / bare:6.1f}     limit {LIMIT:.0f}")


if __name__ == "__main__":
    main()
