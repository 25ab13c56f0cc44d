"""The walls around user code: bubblewrap where it works, limits and a clean environment where it does not."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from modereview.run.python import Interpreter

INSIDE = Path(__file__).parent / "inside"
SCRATCH = Path("/run/modereview")  # in the sandbox: a folder that exists there only
SCRATCH_BYTES = 2**30
_TMP = Path("/tmp")  # scripts write there by name: it stays writable, and is as private
_BORROWED = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "exceptiongroup", "tomli")


@dataclass(frozen=True)
class Sandbox:
    """How to start the server, and what it is to know of the place."""

    command: tuple[str, ...]  # what comes before the interpreter
    source: Path  # where the project can be read
    scratch: Path
    user: int | None  # whom root becomes
    warnings: tuple[str, ...] = ()  # sentences: what is not protected


def environment(interpreter: Interpreter) -> dict[str, str]:
    """All that user code sees of the environment: an allow-list, so that no secret is in it."""
    kept = {
        name: os.environ[name] for name in ("LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ") if name in os.environ
    }
    return {
        "LANG": "C.UTF-8",
        **kept,
        "PATH": f"{interpreter.path.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",  # each child gets its own
        "USER": "nobody",
        "LOGNAME": "nobody",  # torch asks for a name to place its caches
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "OMP_NUM_THREADS": "1",  # the children share the cores already
        "MKL_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",  # two threads of a child would spin on a busy core
        "CUDA_VISIBLE_DEVICES": "",
        "MPLBACKEND": "Agg",
        # There is no network: told so, a `from_pretrained` fails at once and does not try for four minutes.
        "HF_HUB_OFFLINE": "1",
        "WANDB_MODE": "disabled",
    }


def hidden() -> tuple[Path, ...]:
    """The folders that user code must not see: homes, sockets of services, other people's files."""
    homes = [Path(os.environ.get("HOME", "/")), Path(pwd.getpwuid(os.geteuid()).pw_dir)]
    places = [*homes, *map(Path, ("/home", "/root", "/run", "/tmp", "/var/tmp"))]
    real = {place.resolve() for place in places if place.is_dir()} - {Path("/")}
    return tuple(sorted(real))


def borrowed() -> tuple[Path, ...]:
    """The tool's own pytest and what it needs, for interpreters that have none."""
    specs = [find_spec(name) for name in _BORROWED]
    origins = [Path(spec.origin) for spec in specs if spec is not None and spec.origin]
    return tuple(path.parent if path.name == "__init__.py" else path for path in origins)


def bubblewrap(bwrap: str, interpreter: Interpreter, source: Path, user: int | None) -> Sandbox:
    """The sandbox proper. Raises OSError or SubprocessError where `bwrap` cannot even be started."""
    size = ("--size", str(SCRATCH_BYTES)) if _limits_size(bwrap) else ()
    scratch = ("--perms", "1777", *size, "--tmpfs")
    places = hidden()
    command = [bwrap, "--die-with-parent", "--ro-bind", "/", "/"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--proc", "/proc", "--dev", "/dev", *scratch, "/dev/shm"]
    for place in places:
        command += [*(scratch if place == _TMP else ("--tmpfs",)), str(place)]
    shown = _shown([*_wanted(interpreter), *_project(source, places)], places)
    command += [*scratch, str(SCRATCH), *_binds(shown, places), *_links(interpreter.path, shown, places)]
    read_only = (place for place in (*places, Path("/dev")) if place != _TMP)
    command += [word for place in read_only for word in ("--remount-ro", str(place))]
    if user is not None:  # to become that user, and no more: user code never runs with these
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    warnings = (
        () if size else ("This bubblewrap (before 0.7) cannot limit what tests write to the scratch folder.",)
    )
    return Sandbox((*command, "--"), source, SCRATCH, user, warnings)


def bare(scratch: Path, source: Path, user: int | None, why: str) -> Sandbox:
    """No walls: limits, a clean environment and a warning. `why` says why not bubblewrap."""
    warning = (
        f"{why}, so your code ran with limits on time, memory and processes and without your environment "
        "variables, but it could reach the network and read and change your files. "
        "Install bubblewrap for a sandbox (docs/sandbox.md)."
    )
    return Sandbox((), source, scratch, user, (warning,))


def _limits_size(bwrap: str) -> bool:
    """Whether this bubblewrap can limit the size of a folder in memory: since 0.7."""
    answer = subprocess.run([bwrap, "--version"], capture_output=True, text=True, timeout=10, check=False)
    numbers = re.findall(r"\d+", answer.stdout)
    return [int(number) for number in numbers[:2]] >= [0, 7]


def _wanted(interpreter: Interpreter) -> list[Path]:
    """What must be visible even where it lies in a hidden folder."""
    return [*interpreter.prefixes, *interpreter.imports, INSIDE, *borrowed(), Path(sys.prefix)]


def _project(source: Path, places: Sequence[Path]) -> list[Path]:
    """The project; of a home that is itself the project, only what is not private by its name."""
    if source in places:
        return [entry for entry in source.iterdir() if not entry.name.startswith(".")]
    return [source]


def _shown(wanted: Iterable[Path], places: Sequence[Path]) -> list[Path]:
    """The topmost of `wanted` that lie in hidden folders: as named, and as they lie behind links."""
    both = {path for each in wanted for path in (each, each.resolve()) if each.exists()}
    below = [path for path in both if any(place in path.parents for place in places)]
    return sorted(path for path in below if not both & set(path.parents))


def _binds(shown: Sequence[Path], places: Sequence[Path]) -> list[str]:
    """Arguments that show these; the folders above them are made anew, open to whom root becomes."""
    parents = {folder for path in shown for folder in path.parents if set(places) & set(folder.parents)}
    folders = [word for folder in sorted(parents) for word in ("--perms", "0755", "--dir", str(folder))]
    return folders + [word for path in shown for word in ("--ro-bind", str(path), str(path))]


def _links(python: Path, shown: Sequence[Path], places: Sequence[Path]) -> list[str]:
    """Arguments for the links between an environment's interpreter and the real one."""
    arguments = []
    while python.is_symlink():
        target = python.readlink()
        if any(place in python.parents for place in places) and not any(
            top in python.parents for top in shown
        ):
            arguments += ["--symlink", str(target), str(python)]
        python = python.parent / target
    return arguments
