"""Ends what the user's code left running after it left its own process group."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_SECONDS = 10.0  # a few hundred copies of torch take their time to go


def sweep(known: Collection[int]) -> bool:
    """Kill and reap all children of this process but `known`; False where they multiply faster.

    The server adopts orphans, so whoever daemonises ends up here, with its own children after it.
    """
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        strangers = [pid for pid in _children() if pid not in known]
        if not strangers:
            return True
        for pid in strangers:
            with contextlib.suppress(PermissionError):  # a program of another user's, where sudo works
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
        for pid in strangers:
            os.waitpid(pid, os.WNOHANG)
    return False


def _children() -> list[int]:
    own = os.getpid()
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and _parent(p) == own]


def _parent(process: Path) -> int:
    """The parent's id, 0 for a process that has just gone."""
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
