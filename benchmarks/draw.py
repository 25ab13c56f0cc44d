"""Draws training scripts that nobody looked at: a seeded sample of a mirror's repositories, printed as TOML.

    python benchmarks/draw.py MIRROR --seed 1 --count 50 --without benchmarks/scripts.toml

A script is a .py file that is no test, parses as Python 3, holds `.backward(` and `.step(`, and does
something when it is run: a guard of `__main__`, or a loop. Repositories that a file of --without names are
left out; of each other one, one script at most is taken.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "real"))
_TEST = re.compile(r"(^|/)(tests?|unit_?tests?)/|(^|/)(test_|conftest)|_test\.py$")


def main() -> None:
    """Draw, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mirror", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--without", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    seen = "".join(path.read_text(encoding="utf-8") for path in given.without)
    known = set(re.findall(r'^repository = "(.+)"', seen, re.MULTILINE))
    random, drawn = Random(given.seed), []
    names = sorted(
        folder.name.replace("+", "/", 1) for folder in given.mirror.iterdir() if "+" in folder.name
    )
    for name in (n for n in names if n not in known):
        found = list(_scripts(given.mirror, name))
        drawn += [(name, *random.choice(found))] if found else []
    for name, commit, path in sorted(random.sample(drawn, min(given.count, len(drawn)))):
        print(f'[[script]]\nrepository = "{name}"\ncommit = "{commit}"\npath = "{path}"\n')


def _scripts(mirror: Path, name: str) -> Iterator[tuple[str, str]]:
    """(commit, path) of each training script at the head of a repository."""
    real = importlib.import_module("lay_out")
    try:
        git = real.git_folder(mirror, name)
        commit = real.git(git, "rev-parse", "HEAD").decode().strip()
        paths = real.git(git, "ls-tree", "-rz", "--name-only", commit).decode().split("\0")
    except (real.LayOutError, subprocess.CalledProcessError):
        return
    wanted = [path for path in paths if path.endswith(".py") and not _TEST.search(path)]
    for path, content in real.blobs(git, commit, wanted):
        if b".backward(" in content and b".step(" in content and _runs(content):
            yield commit, path


def _runs(content: bytes) -> bool:
    """Whether a file does something when it is run."""
    try:
        body = ast.parse(content).body
    except (SyntaxError, ValueError):
        return False
    definitions = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    acting = [node for node in body if not isinstance(node, definitions)]
    loops = any(isinstance(node, (ast.For, ast.While)) for node in acting)
    return loops or any("__main__" in ast.unparse(node) for node in acting if isinstance(node, ast.If))


if __name__ == "__main__":
    main()
