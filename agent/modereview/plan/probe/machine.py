"""What the machine and its PyTorch have not: done otherwise from the first error on that asks for it."""

from __future__ import annotations

import re
from typing import Any


class Instead:
    """A TorchFunctionMode that is entered at the first error that asks for it.

    Children of a fork go on with what their parent knew.
    """

    def __init__(self, name: str, asked: str) -> None:
        self.name = name  # of its class in the test file
        self.mode: Any = None
        self.entered = False
        self._asked = re.compile(asked)

    def wanted(self, error: str) -> bool:
        """Whether the error asks for it."""
        return self._asked.search(error) is not None

    def enter(self) -> None:
        """From here on."""
        self.mode.__enter__()
        self.entered = True


GPU = Instead(
    "OnTheCpu",
    r"NVIDIA (driver|GPU)|(No|not compiled with|re-initialize|available) CUDA|accelerator device when none",
)
VIEWS = Instead("OldViews", r"Use \.reshape\(")
ITERATORS = Instead("OldIterators", r"DataLoaderIter' object has no attribute 'next'")
SCALARS = Instead("OldScalars", r"invalid index of a 0-dim tensor")
PRETRAINED = Instead(
    "SmallPretrained",
    r"huggingface\.co|Can't load (the )?(model|config|tokenizer)|offline mode|not a local folder",
)
PROCESS = Instead("OneProcess", r"[Dd]efault process group has not been initialized|environ\w* variable RANK")
MACHINE = (GPU, VIEWS, ITERATORS, SCALARS, PRETRAINED, PROCESS)


def known(names: dict[str, Any]) -> None:
    """Take the classes out of the text that the test file will hold."""
    for each in MACHINE:
        each.mode = names[each.name]()


def adapted(error: str) -> bool:
    """Whether the error was about something that the machine has not, and is not met again."""
    for each in MACHINE:
        if each.mode is not None and not each.entered and each.wanted(error):
            each.enter()
            return True
    return False


def needed() -> list[str]:
    """The names of those that are needed so far."""
    return [each.name for each in MACHINE if each.entered]
