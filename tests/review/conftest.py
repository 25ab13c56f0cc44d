"""The whole command, in this process, on scripts of our own."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from modereview import cli

ZOMBIE = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(self.fc(x))


def train(model, loader, criterion, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()


def validate(model, loader, criterion):
    model.eval()
    with torch.no_grad():
        return sum(criterion(model(x), y).item() for x, y in loader)


def main():
    model = Net()
    loader = [(torch.randn(8, 4), torch.randint(0, 2, (8,)))]
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        train(model, loader, criterion, optimizer)
        print(validate(model, loader, criterion))


if __name__ == "__main__":
    main()
"""
OURS = ("MODEREVIEW_", "OPENAI_", "VIRTUAL_ENV", "CONDA_PREFIX")


@dataclass(frozen=True)
class Ran:
    """What a run of the command said, and its exit code."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


def run(*words: str | Path, **environ: str) -> Ran:
    """The command with these words, and with no setting in the environment but those given, nor a cache."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with (
        tempfile.TemporaryDirectory() as cache,
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.setenv("XDG_CACHE_HOME", cache)
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        for name, value in environ.items():
            patch.setenv(name, value)
        code = cli.main([str(word) for word in words])
    return Ran(code, out.buffer.getvalue(), err.buffer.getvalue().decode())


@pytest.fixture(scope="session")
def modereview() -> Callable[..., Ran]:
    return run


@pytest.fixture(scope="session")
def zombie() -> str:
    """A script whose second epoch trains in EVAL mode."""
    return ZOMBIE


@pytest.fixture(scope="session")
def mended() -> str:
    """The same script as the review mends it."""
    return ZOMBIE.replace("    for x, y in loader:\n", "    model.train()\n    for x, y in loader:\n", 1)


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """All files of a project by path, without the journal."""

    def read(root: Path) -> dict[str, bytes]:
        return {name: path.read_bytes() for name, path in _files(root)}

    return read


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not name.startswith(".modereview/"):
            yield name, path


@pytest.fixture(scope="session")
def left_over() -> Callable[[Path], list[bytes]]:
    """Processes that were started for a project, after a moment in which they may end."""

    def found(root: Path) -> list[bytes]:
        deadline = time.monotonic() + 3
        while (there := _mentioning(str(root).encode())) and time.monotonic() < deadline:
            time.sleep(0.05)
        return there

    return found


def _mentioning(text: bytes) -> list[bytes]:
    lines = (_read(process / "cmdline") for process in Path("/proc").iterdir() if process.name.isdigit())
    return [line for line in lines if text in line]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""
