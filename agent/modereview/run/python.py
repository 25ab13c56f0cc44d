"""The interpreter that has the user's packages: which one it is, and where it keeps them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from modereview.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOW = "name the interpreter that has your packages with --python PATH"
_QUESTION = """
import importlib.util, json, sys
print(json.dumps({
    "version": sys.version_info[:2],
    "executable": sys.executable,
    "prefixes": [sys.prefix, sys.base_prefix],
    "path": [entry for entry in sys.path if entry],
    "torch": importlib.util.find_spec("torch") is not None,
}))
"""


class _Facts(TypedDict):
    """The answer to `_QUESTION`."""

    version: list[int]
    executable: str
    prefixes: list[str]
    path: list[str]
    torch: bool


@dataclass(frozen=True)
class Interpreter:
    """A Python that has torch."""

    path: Path  # links kept: a virtual environment is known by the link's place
    prefixes: tuple[Path, ...]
    imports: tuple[Path, ...]  # its sys.path: the user's own site folder and editable installs too


def choose_python(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """The interpreter to run the user's code: as named, else the active environment's, else the tool's.

    `explicit` may be an interpreter, a command on PATH, or an environment's folder. Raises ToolError.
    """
    if explicit is None:
        active = (environ.get(name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
        found = (Path(prefix) / "bin" / "python" for prefix in active if prefix)
        return next((python for python in found if python.exists()), Path(sys.executable))
    python = explicit / "bin" / "python" if explicit.is_dir() else explicit
    command = shutil.which(str(python), path=environ.get("PATH"))
    if command is None:
        raise ToolError(f"{explicit} is not a Python interpreter that can be run; {_HOW}.")
    return Path(command).absolute()


def examine(python: Path) -> Interpreter:
    """Ask an interpreter where it keeps its packages. Raises ToolError where it has no torch."""
    facts = _ask(python)
    if facts["version"] < [3, 9]:
        raise ToolError(f"{python} is older than Python 3.9; {_HOW}.")
    if not facts["torch"]:
        raise ToolError(f"torch is not installed for {python}; install it there, or {_HOW}.")
    prefixes, imports = tuple(map(Path, facts["prefixes"])), tuple(map(Path, facts["path"]))
    return Interpreter(Path(facts["executable"]), prefixes, imports)


def _ask(python: Path) -> _Facts:
    kept = ("HOME", "PATH", "PYTHONPATH", "PYTHONNOUSERSITE", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    command = [str(python), "-c", _QUESTION]
    try:
        answer = subprocess.run(
            command,
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=True,
        )
        facts: _Facts = json.loads(answer.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise ToolError(f"{python} does not answer as a Python interpreter does; {_HOW}.") from error
    return facts
