"""Imports that fail here: packages that are not installed, or that lie in the project's root."""

from __future__ import annotations

import ast
import sys
import traceback
from pathlib import Path


def named(error: BaseException, script: str) -> str | None:
    """The module whose import failed; None where the error is another."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return error.name
    lines = [
        line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == script
    ]
    if not lines:
        return None
    for node in ast.walk(ast.parse(Path(script).read_bytes())):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno <= lines[-1] <= (
            node.end_lineno or 0
        ):
            return node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
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
