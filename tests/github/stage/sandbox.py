"""Tests that need bubblewrap are passed over where it does not work."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def _works() -> bool:
    words = ["--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "--proc", "/proc", "--", "true"]
    bwrap = shutil.which("bwrap")
    return bwrap is not None and subprocess.run([bwrap, *words], check=False).returncode == 0


needs_sandbox = pytest.mark.skipif(not _works(), reason="bubblewrap does not work here")
