"""Packages of the registry as folders of plain source files, to measure on and to read."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path


def lay_out(package: str, folder: Path) -> Path:
    """The files of a package's wheel ("timm==1.0.31") in a folder of its own; nothing is installed or run."""
    target = folder / package.replace("==", "-")
    if not target.is_dir():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        wheels = folder / f"{target.name}-wheel"
        subprocess.run([*command, "--dest", str(wheels), package], check=True)
        with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
            wheel.extractall(target)
    return target


def sources(folder: Path) -> list[Path]:
    """Every Python file under a folder, sorted."""
    return sorted(path for path in folder.rglob("*.py") if path.is_file())
