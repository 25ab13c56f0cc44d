"""Imports that fail here: packages that are not installed, or that lie in the project's root."""

from __future__ import annotations

import ast
import errno
import re
import sys
import traceback
from pathlib import Path

import torch


def named(error: BaseException) -> str | None:
    """The module, or the name in it, whose import failed in a file of the project; None for other errors."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return error.name
    if drifted := re.match(r"cannot import name '(\w+)' from '([\w.]+)'", str(error)):
        return f"{drifted.group(2)}.{drifted.group(1)}"
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return None  # it writes beside itself, where nothing is written here
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        path = frame.f_code.co_filename
        if path.startswith(str(Path.cwd())) and (name := _imported(path, line)):
            return name
    return None


def _imported(path: str, line: int) -> str | None:
    """The module that the statement in a line imports, where it does."""
    for node in ast.walk(ast.parse(Path(path).read_bytes())):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno <= line <= (node.end_lineno or 0):
            return node.names[0].name if isinstance(node, ast.Import) else None if node.level else node.module
    return None


def from_root(name: str) -> bool:
    """Whether the project's root holds the module, and was not searched so far: now it is."""
    root, top = Path.cwd(), name.partition(".")[0]
    if str(root) in sys.path or not ((root / top).is_dir() or (root / f"{top}.py").is_file()):
        return False
    sys.path.append(str(root))
    return True


def rooted() -> bool:
    """Whether the root had to be searched."""
    return sys.path[-1] == str(Path.cwd())


def downloads() -> bool:
    """Whether pretrained weights were asked for: `without_weights` leaves an empty file for each."""
    return any(Path(torch.hub.get_dir()).rglob("*.*"))
