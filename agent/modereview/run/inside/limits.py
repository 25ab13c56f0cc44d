"""What a child may use, set by the child on itself before any of the user's code runs."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .messages import Limits

_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_SUBREAPER = 1, 4, 36  # prctl(2)
_libc = ctypes.CDLL(None)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none gets away."""
    _libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)


def close_memory() -> None:
    """Keep other processes of the same user out of this one's memory; forks inherit it."""
    _libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def become(user: int | None) -> None:
    """Give up root for an unprivileged user: root is exempt from the limit on processes."""
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)


def restrict(limits: Limits, seconds: float) -> None:
    """Set the limits of this process and of all that it starts."""
    _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    _lower(resource.RLIMIT_CORE, 0)
    # relative to what torch has mapped already: an absolute number would depend on its build
    _lower(resource.RLIMIT_AS, _mapped() + limits["memory"])
    _lower(resource.RLIMIT_FSIZE, limits["file_size"])
    _lower(resource.RLIMIT_NPROC, limits["processes"])
    # wall time is what ends a child; this ends what outlives a stopped server
    _lower(resource.RLIMIT_CPU, int(seconds) + 1)
    _libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self is root's
    _be_first_to_go()
    close_memory()


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _be_first_to_go() -> None:
    """Ask the kernel to end this process, not the user's desktop, when memory runs out."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return  # not allowed here: the limit on memory still holds
