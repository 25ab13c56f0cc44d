"""Chooses the sandbox for this machine: who user code runs as, and where it reads the project."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from modereview.run import users
from modereview.run.sandbox import INSIDE, Sandbox, bare, bubblewrap, hidden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modereview.run.python import Interpreter

_AS_ROOT = "Your code ran as root: the number of its processes was not limited. Run modereview as a user."


def arrange(
    bwrap: str | None, why_not: str, root: Path, interpreter: Interpreter, temporary: Path
) -> Sandbox:
    """The sandbox for a project. `temporary`: a folder of the host's, ours alone.

    `why_not` says why there is no bubblewrap, where `bwrap` is None.
    """
    temporary.chmod(0o755)
    opened = hidden() if bwrap else ()
    user = _user([*interpreter.prefixes, INSIDE], opened)
    source, warnings = _source(root, user, opened, temporary)
    if os.geteuid() == 0 and user is None:
        warnings = (*warnings, _AS_ROOT)
    if bwrap is None:
        made = bare(_scratch(temporary, user), source, user, why_not)
    else:
        made = bubblewrap(bwrap, interpreter, source, user)
    return replace(made, warnings=(*made.warnings, *warnings))


def _user(needed: Sequence[Path], opened: Sequence[Path]) -> int | None:
    """Whom root becomes; None for others, and where nobody but root gets to the interpreter."""
    if os.geteuid() != 0 or not all(users.reachable(path, opened) for path in needed):
        return None
    return users.unprivileged(Path("/proc/self/uid_map").read_text(), os.getpid())


def _source(
    root: Path, user: int | None, opened: Sequence[Path], temporary: Path
) -> tuple[Path, tuple[str, ...]]:
    """Where that user can read the project: a copy, where it is root's alone."""
    if user is None or (users.reachable(root, opened) and users.readable(root)):
        return root, ()
    copy = temporary / "project"
    return copy, users.copy_project(root, copy)


def _scratch(temporary: Path, user: int | None) -> Path:
    scratch = temporary / "scratch"
    scratch.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        os.chown(scratch, user, user)
    return scratch
