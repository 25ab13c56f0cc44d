"""The machine under attack: a home with a secret, listeners, a process, folders, and how they were left."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

PROJECT = "X = 1\n"


class Host:
    """A context manager; `facts` is what the attacks are told of it."""

    def __enter__(self) -> Host:
        self._root = Path(tempfile.mkdtemp(prefix="attacks-"))
        self._root.chmod(0o755)
        self._home, self._outside = self._root / "home", self._root / "outside"
        self.project = self._root / "project"
        for folder in (self._home, self.project):
            folder.mkdir()
        (self._home / ".secret").write_text("sesame")
        os.environ.update(HOME=str(self._home), API_KEY="sesame")
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._abstract = socket.socket(socket.AF_UNIX)
        self._abstract.bind(f"\0{self._root.name}")
        self._abstract.listen()
        for listener in (self._tcp, self._udp, self._abstract):
            listener.setblocking(False)
        self._bystander: subprocess.Popen[bytes] | None = None
        self._mend()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in (self._tcp, self._udp, self._abstract):
            listener.close()
        if self._bystander is not None:
            self._bystander.kill()
            self._bystander.wait()
        shutil.rmtree(self._root, ignore_errors=True)

    def facts(self) -> dict[str, object]:
        """Places and addresses to attack."""
        assert self._bystander is not None
        return {
            "home": str(self._home),
            "outside": str(self._outside),
            "project": str(self.project),
            "port": self._tcp.getsockname()[1],
            "udp_port": self._udp.getsockname()[1],
            "abstract": self._root.name,
            "bystander": self._bystander.pid,
            "nap": self.nap,
        }

    @property
    def nap(self) -> str:
        """An argument of `sleep` by which the attacks' own processes are known."""
        return f"6{os.getpid() % 10**6:06d}"

    def damage(self) -> str:
        """What is not as it was; it is put right again for the next attack."""
        done = self._damage()
        if done:
            self._mend()
        return done

    def naps(self) -> list[str]:
        """Processes of the attacks that are still there."""
        found = []
        for process in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if process.name.isdigit() and self.nap in (process / "cmdline").read_text().split("\0"):
                    found.append(process.name)
        return found

    def _damage(self) -> str:
        assert self._bystander is not None
        if self._bystander.poll() is not None:
            return "a process of the host was ended"
        if not self._outside.is_dir() or [path.name for path in self._outside.iterdir()] != ["kept"]:
            return "a folder outside was changed"
        if (self.project / "train.py").read_text() != PROJECT:
            return "the project was changed"
        with contextlib.suppress(BlockingIOError):
            return f"the host heard {self._udp.recv(99)!r}"
        return ""

    def _mend(self) -> None:
        shutil.rmtree(self._outside, ignore_errors=True)
        self._outside.mkdir(exist_ok=True)
        self._outside.chmod(0o777)
        (self._outside / "kept").write_text("")
        (self.project / "train.py").write_text(PROJECT)
        (self.project / "train.py").chmod(0o666)
        if self._bystander is None or self._bystander.poll() is not None:
            self._bystander = subprocess.Popen(["sleep", "1000"])
