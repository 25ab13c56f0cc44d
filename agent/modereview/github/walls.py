"""Whether this machine can wall in a stranger's code; the bot runs none without."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_PROFILE = "kernel.apparmor_restrict_unprivileged_userns"
_SWITCH = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_UNSHARED = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")


def missing() -> str:
    """Why there are no walls, a sentence; "" where there are."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return "bubblewrap is not installed (apt-get install bubblewrap)."
    command = [bwrap, "--ro-bind", "/", "/", *_UNSHARED, "--proc", "/proc", "--dev", "/dev", "--", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return f"bubblewrap cannot be started ({error})."
    if not done.returncode:
        return ""
    reason = (done.stderr.strip().splitlines() or ["it gives no reason"])[-1]
    return f"bubblewrap does not work here ({reason}).{_hint()}"


def _hint() -> str:
    """Ubuntu 24.04 lets no program make a user namespace that has no AppArmor profile."""
    try:
        restricted = _SWITCH.read_text().strip() == "1"
    except OSError:
        return ""
    return f" {_PROFILE} is 1: it wants an AppArmor profile (docs/github.md)." if restricted else ""
