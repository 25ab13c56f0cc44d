"""How long `modereview --static` takes on a package, beside TorchFix and a bare parse with libcst.

    pip download timm==1.0.31 --no-deps && unzip -q timm-1.0.31-*.whl -d timm-tree
    python benchmarks/static.py timm-tree/timm

All run on the same files, each in processes of its own with as many as the machine has cores; TorchFix in a
virtual environment that is made for it, as it pins an older libcst. CPU time is printed beside wall time:
on a shared machine it is the steadier of the two.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

TORCHFIX = "torchfix==0.7.0"
# What a linter on libcst does at the very least. The files come as arguments, so that all parse the same.
PARSE = """
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import libcst

def parse(path):
    try:
        libcst.parse_module(Path(path).read_bytes())
    except libcst.ParserSyntaxError:
        pass

if __name__ == "__main__":
    with ProcessPoolExecutor() as pool:
        list(pool.map(parse, sys.argv[1:], chunksize=4))
"""


@dataclass(frozen=True)
class Took:
    """Seconds of a command and all its processes."""

    wall: float
    cpu: float
    memory: float  # MB of its largest process, or of one before it that was larger

    def row(self, name: str, base: Took | None) -> str:
        """A line of the table; `base` is what the ratio is taken of."""
        ratio = f"{base.wall / self.wall:8.1f} x" if base else ""
        return f"{name:32} {self.wall:8.2f} s {self.cpu:8.2f} s {self.memory:6.0f} MB {ratio}"


def measure(command: list[str], environ: dict[str, str]) -> Took:
    """Run a command that may find faults (exit 1), and no more than that."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command[:4])} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(wall, cpu, after.ru_maxrss / 1024)


def torchfix(tree: Path, folder: Path) -> Took:
    """TorchFix on the tree, with as many jobs as there are cores (its default)."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", TORCHFIX], check=True)
    return measure([str(folder / "venv" / "bin" / "torchfix"), str(tree)], dict(os.environ))


def main() -> None:
    """Measure all, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=Path, help="folder of a package")
    parser.add_argument("--without-torchfix", action="store_true", help="it takes minutes")
    words = parser.parse_args()
    files = sorted(words.tree.rglob("*.py"))
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{len(files)} files, {size:.1f} MB, {len(os.sched_getaffinity(0))} cores\n")
    print(f"{'':32} {'wall':>10} {'CPU':>10} {'peak':>9}")
    with tempfile.TemporaryDirectory() as name:
        environ = {**os.environ, "XDG_CACHE_HOME": name}
        static = [sys.executable, "-m", "modereview", "--static", str(words.tree)]
        cold, warm = measure(static, environ), measure(static, environ)
        bare = measure([sys.executable, "-c", PARSE, *map(str, files)], environ)
        other = None if words.without_torchfix else torchfix(words.tree, Path(name))
    print(cold.row("modereview --static, cold", other))
    print(warm.row("modereview --static, warm", other))
    print(bare.row("libcst.parse_module alone", other))
    if other:
        print(other.row(TORCHFIX, None))
    print(f"\ncold: {cold.wall / bare.wall:.1f} times a bare parse with libcst")


if __name__ == "__main__":
    main()
