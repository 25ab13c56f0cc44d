"""Whether a file had changes that its git repository has not recorded. Nothing of the repository is run."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

_ALONE = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_SECONDS = 10  # a repository on a disk that hangs is no reason to wait


def is_changed(path: Path, raw: bytes) -> bool:
    """Whether `raw` differs from the file in the last commit; False where that holds no such file.

    `git status` would run filters and monitors that a repository names in its configuration. Here git only
    looks a name up, and the content is compared by its hash, with line feeds too, as git may store it.
    """
    if not any((folder / ".git").exists() for folder in path.parents):
        return False
    committed = _committed(path)
    return committed != "" and committed not in (_hash(raw, committed), _hash(_as_stored(raw), committed))


def _committed(path: Path) -> str:
    """The id of the file's content in the last commit; "" where there is none, or no git."""
    command = ["git", "-C", str(path.parent), "rev-parse", "--verify", "--quiet", f"HEAD:./{path.name}"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=_SECONDS, env={**environ, **_ALONE}
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else ""


def _as_stored(raw: bytes) -> bytes:
    """Content as git stores it where `core.autocrlf` or an attribute has it convert line ends."""
    return raw.replace(b"\r\n", b"\n")


def _hash(content: bytes, like: str) -> str:
    """The id that git gives a content: by SHA-1, in newer repositories by SHA-256."""
    blob = b"blob %d\0" % len(content) + content
    return (hashlib.sha256(blob) if len(like) == 64 else hashlib.sha1(blob)).hexdigest()
