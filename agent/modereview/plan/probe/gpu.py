"""Where there is no GPU, what asks for one runs on the CPU, from the first error on that says so."""

from __future__ import annotations

import re
from typing import Any

_MISSING = re.compile(r"NVIDIA (driver|GPU)|(No|not compiled with|re-initialize|available) CUDA")


class Gpu:
    """What a process knows of it; children of a fork go on with what their parent knew."""

    def __init__(self) -> None:
        self.mode: Any = None  # a TorchFunctionMode that keeps on the CPU what is sent to a GPU
        self.left = False

    def leave(self, error: str) -> bool:
        """Whether the error was that there is no GPU, and is not met again."""
        if self.left or self.mode is None or not _MISSING.search(error):
            return False
        self.mode.__enter__()
        self.left = True
        return True


GPU = Gpu()
