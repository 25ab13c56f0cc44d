"""One line on stderr that tells what is going on, gone when the work is done."""

from __future__ import annotations

import os
import shutil
from types import TracebackType
from typing import TextIO

from modereview.report.layout import CUT, lay_out, window

_CLEAR = "\r\x1b[2K"


class Progress:
    """Shows the latest step. Call it with a few words; leave the `with` block to wipe the line."""

    def __init__(self, stream: TextIO, shown: bool) -> None:
        self._stream = stream
        self._shown = shown

    def __enter__(self) -> Progress:
        return self

    def __call__(self, step: str) -> None:
        """Replace the line by `step`, cut to the terminal so that it never wraps."""
        width = max(shutil.get_terminal_size().columns - 1, 2 * len(CUT) + 1)
        self._write(_CLEAR + window(lay_out(step), 0, width).text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(_CLEAR)

    def _write(self, text: str) -> None:
        if self._shown:
            self._stream.write(text)
            self._stream.flush()


def is_terminal(stream: TextIO) -> bool:
    """Whether a person watches, on something that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def wants_color(stream: TextIO) -> bool:
    """Colours on a terminal only, and never against https://no-color.org."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")
