"""What a pass rests on, as it was before any of the user's code ran: whoever replaces it proves nothing."""

from __future__ import annotations

import builtins
import copy
import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
import torch

_MODULE = ("train", "eval", "modules", "named_modules", "register_forward_hook", "register_forward_pre_hook")
_BUILT_IN = ("AssertionError", "BaseException", "all", "any", "isinstance", "len", "zip")
_RESTS_ON: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("", builtins, _BUILT_IN),
    ("copy.", copy, ("deepcopy",)),
    ("pytest.", pytest, ("fail", "raises")),
    ("torch.", torch, ("allclose", "equal", "isclose")),
    ("torch.testing.", torch.testing, ("assert_close",)),
    ("torch.nn.Module.", torch.nn.Module, _MODULE),
)


class Seal:
    """The parts that verdicts rest on, by name. Made before the test file is loaded."""

    def __init__(self) -> None:
        self._test: ModuleType | None = None
        self._parts = _parts(None)

    def include(self, test: ModuleType) -> None:
        """Watch the functions of the test file too, once it is loaded."""
        self._test = test
        self._parts |= {name: _identity(test, name) for name in _functions(test)}

    def broken(self) -> str:
        """A sentence that names what was replaced, "" where all is as it was."""
        now = _parts(self._test)
        replaced = next((name for name, part in self._parts.items() if now.get(name) != part), "")
        return f"the code under test replaces {replaced}, which its tests rest on" if replaced else ""


def _parts(test: ModuleType | None) -> dict[str, Any]:
    """Functions are known by their code as well: it can be replaced under them."""
    owners = [(prefix, owner, names) for prefix, owner, names in _RESTS_ON]
    owners += [(f"{module.__name__}.", module, _functions(module)) for module in _runner()]
    owners += [("", test, _functions(test))] if test else []
    return {f"{prefix}{name}": _identity(owner, name) for prefix, owner, names in owners for name in names}


def _runner() -> list[ModuleType]:
    package = __name__.rpartition(".")[0]
    return [module for name, module in sys.modules.items() if name.startswith(f"{package}.")]


def _functions(module: ModuleType) -> tuple[str, ...]:
    return tuple(name for name, value in vars(module).items() if isinstance(value, FunctionType))


def _identity(owner: Any, name: str) -> tuple[int, CodeType | None]:
    part = getattr(owner, name, None)
    return id(part), getattr(part, "__code__", None)
