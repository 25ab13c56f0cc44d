"""Why an installed bubblewrap may fail: Ubuntu 24.04 lets no program without a profile make a user namespace.

https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces
"""

from __future__ import annotations

from pathlib import Path

_NAME = "kernel.apparmor_restrict_unprivileged_userns"
_SWITCH = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def hint(switch: Path = _SWITCH) -> str:
    """What to add to a sentence where the restriction is on; "" elsewhere."""
    try:
        restricted = switch.read_text().strip() == "1"
    except OSError:
        return ""
    return f"; {_NAME} is 1, so it needs an AppArmor profile" if restricted else ""
