"""How long a static review of a package takes, in units of TorchFix and of a bare libcst parse.

All sides run in one go, in turn, each in a process of its own: modereview with an empty cache, modereview
again, TorchFix (in an environment of its own, as it pins an older libcst) and `libcst.parse_module` on one
core over the files that modereview parses. TorchFix and modereview use all cores. Ratios are printed with
the limits that we promise; nothing is enforced: one run on a shared machine proves nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from modereview.parse.collect import imports_torch
from packages import lay_out, sources

TORCHFIX = "torchfix==0.7.0"
COLD, WARM, PARSES = 10.0, 100.0, 2.0  # the promises: times faster than TorchFix, times a bare parse at most

_PARSE = """
import sys
from pathlib import Path
import libcst
for name in sys.stdin.read().splitlines():
    libcst.parse_module(Path(name).read_bytes())
"""


def main() -> None:
    """Measure, and print seconds, ratios and limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", default="timm==1.0.31", help="of the registry (default: timm==1.0.31)")
    parser.add_argument("--every", type=int, default=1, help="take every n-th file only, to be done sooner")
    parser.add_argument("--work", type=Path, help="a folder to keep what is downloaded in")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = given.work or Path(temporary)
        files = sources(lay_out(given.package, work))[:: given.every]
        _measure(given.package, files, work, Path(temporary))


def _measure(package: str, files: list[Path], work: Path, temporary: Path) -> None:
    size = sum(path.stat().st_size for path in files) / 1e6
    wanted = [str(path) for path in files if imports_torch(path)]  # as a review of the folder would choose
    print(
        f"{package}: {len(files)} files, {size:.1f} MB, of which {len(wanted)} import torch and need a parse"
    )
    cache = {**os.environ, "XDG_CACHE_HOME": str(temporary / "cache")}
    review = [sys.executable, "-m", "modereview", "--static", *wanted]
    cold = _told("modereview, nothing known yet", seconds(review, env=cache))
    warm = _told("modereview again, best of 3", min(seconds(review, env=cache) for _ in range(3)))
    parse = _told(
        "libcst.parse_module, one core", seconds([sys.executable, "-c", _PARSE], text="\n".join(wanted))
    )
    torchfix = _told(
        TORCHFIX.replace("==", " "), seconds([str(_torchfix(work)), "--select=ALL", *map(str, files)])
    )
    print(f"TorchFix / modereview cold      {torchfix / cold:8.1f}     at least {COLD:.0f}, the aim is 50")
    print(f"TorchFix / modereview again     {torchfix / warm:8.1f}     at least {WARM:.0f}")
    print(f"modereview cold / bare parse    {cold / parse:8.2f}     at most {PARSES:.0f}")


def _told(what: str, measured: float) -> float:
    """Print a figure as soon as it is there: the last one takes minutes."""
    print(f"{what:<32}{measured:8.2f} s", flush=True)
    return measured


def seconds(command: list[str], *, text: str = "", env: dict[str, str] | None = None) -> float:
    """Wall time of a command; a linter may find something, but must not fail."""
    start = time.perf_counter()
    done = subprocess.run(command, input=text, env=env, capture_output=True, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command[:4])} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return elapsed


def _torchfix(work: Path) -> Path:
    """The command, installed once into an environment of its own."""
    home = work / TORCHFIX
    command = home / "bin" / "torchfix"
    if not command.exists():
        venv.create(home, with_pip=True)
        subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", TORCHFIX], check=True)
    return command


if __name__ == "__main__":
    main()
