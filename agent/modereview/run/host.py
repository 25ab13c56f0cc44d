"""Starts the server when it is needed, starts it again when it has gone, and clears up after it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from modereview.errors import ToolError
from modereview.run import apparmor, users
from modereview.run.arrange import arrange
from modereview.run.inside.messages import Limits, Settings
from modereview.run.link import Link, Lost
from modereview.run.python import Interpreter, examine
from modereview.run.sandbox import INSIDE, borrowed, environment

if TYPE_CHECKING:
    from modereview.run.sandbox import Sandbox

# Bytes beyond what torch takes; bytes of one file; processes and threads beyond those that the user has.
LIMITS = Limits(memory=4 * 2**30, file_size=2**28, processes=256)
_UP_SECONDS, _READY_SECONDS = 20.0, 180.0
_NO_BUBBLEWRAP = "bubblewrap (bwrap) is not installed"


class NoSandbox(ToolError):
    """bubblewrap does not work here, and without it the code is not to be run."""


@dataclass
class Host:
    """At most one server for one project and one interpreter."""

    root: Path
    python: Path
    packages: tuple[str, ...]
    limits: Limits
    required: bool = False  # whether to refuse where bubblewrap does not work
    sandbox: Sandbox | None = None
    _worked: bool = False  # whether the server has been up in this sandbox
    _link: Link | None = None
    _ready: bool = False
    _temporary: tempfile.TemporaryDirectory[str] | None = None
    _interpreter: Interpreter | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin to warm up, without waiting. Raises ToolError where the interpreter will not do."""
        if self._link is None:
            self.sandbox = self.sandbox or self._arrange(shutil.which("bwrap"), _NO_BUBBLEWRAP)
            self._open(self.sandbox)

    def connect(self) -> Link:
        """The server, ready; without bubblewrap where that does not work here. Raises ToolError."""
        self.start()
        assert self._link is not None
        if not self._ready:
            try:
                self._link.receive(_UP_SECONDS)
            except Lost as lost:
                self._start_bare(str(lost))
            self._worked = True
            self._await_ready()
        return self._link

    def disconnect(self) -> None:
        """End the server and all that it started."""
        if self._link is not None and self.sandbox is not None:
            # outside bubblewrap it must be given the time to end what left its process group
            self._link.close(patience=2.0 if self._ready and not self.sandbox.command else 0.0)
        self._link, self._ready = None, False

    def close(self) -> None:
        """End the server and remove every file."""
        self.disconnect()
        if self._temporary is not None:
            self._temporary.cleanup()
        self.sandbox = self._temporary = None

    def _arrange(self, bwrap: str | None, why_not: str) -> Sandbox:
        if self.required and bwrap is None:
            raise NoSandbox(f"{why_not}, and the sandbox is required (docs/sandbox.md).")
        self._interpreter = self._interpreter or examine(self.python)
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="modereview-", ignore_cleanup_errors=True)
        return arrange(bwrap, why_not, self.root, self._interpreter, Path(self._temporary.name).resolve())

    def _open(self, sandbox: Sandbox) -> None:
        assert self._interpreter is not None
        command = [*sandbox.command, str(self._interpreter.path), str(INSIDE / "__main__.py")]
        settings = self._settings(sandbox, self._interpreter)
        self._link = Link(command, environment(self._interpreter), settings)

    def _settings(self, sandbox: Sandbox, interpreter: Interpreter) -> Settings:
        user = os.geteuid() if sandbox.user is None else sandbox.user
        return {
            "root": str(self.root),
            "source": str(sandbox.source),
            "scratch": str(sandbox.scratch),
            "user": sandbox.user,
            "path": [str(entry) for entry in interpreter.imports],
            "packages": list(self.packages),
            "borrowed": [str(entry) for entry in borrowed()],
            "limits": {**self.limits, "processes": self.limits["processes"] + users.threads_of(user)},
        }

    def _start_bare(self, why: str) -> None:
        """Try without bubblewrap. Raises ToolError where that was the way already, or may not be.

        A sandbox that has worked is never done without: what ran in it may be why it fails now.
        """
        self.disconnect()
        if self.sandbox is None or not self.sandbox.command:
            raise ToolError(f"{self.python} could not be started to run the tests: {why}.")
        if self._worked:
            raise NoSandbox(f"bubblewrap worked at first and does not any more ({why}).")
        self.sandbox = self._arrange(None, f"bubblewrap does not work here ({why}{apparmor.hint()})")
        self.start()
        assert self._link is not None
        try:
            self._link.receive(_UP_SECONDS)
        except Lost as lost:
            raise ToolError(f"{self.python} could not be started to run the tests: {lost}.") from lost

    def _await_ready(self) -> None:
        """Wait for torch. Raises ToolError where it cannot be imported."""
        assert self._link is not None
        try:
            event = self._link.receive(_READY_SECONDS)
        except Lost as lost:
            raise ToolError(f"torch could not be loaded by {self.python}: {lost}.") from lost
        if event["event"] != "ready":
            why = event.get("message", "")
            raise ToolError(f"torch or pytest could not be loaded by {self.python}: {why}.")
        self._ready = True
