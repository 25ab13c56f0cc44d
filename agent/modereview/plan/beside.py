"""Configuration files of the project that a script reads: those it names, one for an option that asks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_CONFIGURATIONS = (".yaml", ".yml", ".json", ".cfg", ".ini", ".toml")
_OPTION = re.compile(
    r"(^|_)(config|cfg|conf|yaml|hparams?|hyper_?params?)(_?(file|path|name|yaml|json))?$|^json_path$"
)
_KEY = re.compile(r"""["']?(\w+)["']?\s*[:=]""")
_LARGEST = 2**16  # bytes
_MOST = 300  # files that are looked into
_LOOKED_AT = 5000  # entries of folders
_DEEPEST = 5  # levels below a folder
_LEAST = 2  # keys that the script speaks of


def named(tree: ast.Module, script: Path, root: Path) -> list[str]:
    """The small configuration files whose relative paths the script writes down."""
    words = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return [w for w in dict.fromkeys(words) if w.endswith(_CONFIGURATIONS) and found(w, script, root)]


def asks(option: str) -> bool:
    """Whether an option of this name is a configuration file."""
    return _OPTION.search(option.lower().lstrip("-").replace("-", "_")) is not None


def found(name: str, script: Path, root: Path) -> bool:
    """Whether a relative path leads to a small file, from a folder of the script up to the root."""
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        return False
    return any((p / path).is_file() and (p / path).stat().st_size < _LARGEST for p in _folders(script, root))


def likeliest(tree: ast.Module, script: Path, root: Path) -> str | None:
    """The configuration that holds most of what the script reads by name, nearest first; None without."""
    words = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    words |= {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    ranked = [
        (-len(_keys(path) & words), place, name) for place, (name, path) in enumerate(_near(script, root))
    ]
    best = min(ranked, default=(0, 0, ""))
    return best[2] if -best[0] >= _LEAST else None


def _keys(path: Path) -> set[str]:
    return set(_KEY.findall(path.read_text(encoding="utf-8", errors="replace")))


def _near(script: Path, root: Path) -> Iterator[tuple[str, Path]]:
    """(relative path, file) of small configurations, those beside the script first."""
    count = 0
    for folder in _folders(script, root):
        for path in _below(folder):
            if path.suffix in _CONFIGURATIONS and path.is_file() and path.stat().st_size < _LARGEST:
                yield path.relative_to(folder).as_posix(), path
                if (count := count + 1) == _MOST:
                    return


def _below(folder: Path) -> Iterator[Path]:
    """What a folder holds, level by level; of a large one the start."""
    level, left = [folder], _LOOKED_AT
    for _ in range(_DEEPEST):
        inner = [path for each in level for path in sorted(each.iterdir())[:left]]
        yield from inner[:left]
        left -= len(inner)
        level = [p for p in inner if p.is_dir() and not p.is_symlink() and not p.name.startswith(".")]
        if left <= 0:
            return


def _folders(script: Path, root: Path) -> list[Path]:
    return [p for p in script.parents if p == root or root in p.parents]
