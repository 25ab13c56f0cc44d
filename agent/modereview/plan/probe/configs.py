"""Small configurations: the defaults of a config class often make a model of a hundred million weights."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

from .sizes import number


def configured(names: list[str], script: object) -> Iterator[str]:
    """Expressions that build the first of the classes that can be built: with small sizes, then as it is."""
    for name in names:
        held = getattr(script, name.removeprefix("script."), None)
        if isinstance(held, type):
            small = _small(held)
            for given in dict.fromkeys((small, "")):
                if _builds(held, given):
                    yield f"{name}({given})"
            return


def _small(cls: type) -> str:
    """The keyword arguments that make large sizes small."""
    written = []
    for name, default in _defaults(cls):
        size = number(name)
        if type(default) is int and size and size.isdecimal() and default > int(size) > 0:
            written.append(f"{name}={size}")
        elif isinstance(default, (list, tuple)) and "depth" in name and all(type(d) is int for d in default):
            written.append(f"{name}={[1] * len(default)}")
    return ", ".join(written)


def _defaults(cls: type) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(cls):
        yield from ((f.name, f.default) for f in dataclasses.fields(cls) if f.init)
        return
    parameters = inspect.signature(cls).parameters.values()
    yield from ((p.name, p.default) for p in parameters)


def _builds(cls: type, given: str) -> bool:
    try:
        eval(f"cls({given})", {"cls": cls})
    except Exception:
        return False
    return True
