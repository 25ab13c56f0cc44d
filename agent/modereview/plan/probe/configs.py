"""Small configurations: the defaults of a config class often make a model of a hundred million weights."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from .sizes import number

_PART_SIZES = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
    "image_size",
    "patch_size",
)
_PART = {name: int(number(name) or 16) for name in _PART_SIZES}


def configured(names: list[str], script: object, read: Iterable[str] = ()) -> Iterator[str]:
    """Expressions that build a configuration: with small sizes, then as it is.

    Of several classes the first that can be built and has most of what is `read` of it.
    """
    best: list[str] = []
    least = -1
    for name in names:
        held = getattr(script, name.removeprefix("script."), None)
        if not isinstance(held, type):
            continue
        built = {given: _built(held, given) for given in dict.fromkeys((_small(held), ""))}
        codes = [f"{name}({given})" for given, made in built.items() if made is not None]
        missing = sum(not hasattr(made, a) for a in read for made in list(built.values())[-1:])
        if codes and (not best or missing < least):
            best, least = codes, missing
    yield from best


def _small(cls: type) -> str:
    """The keyword arguments that make large sizes small."""
    written = []
    for name, default in _defaults(cls):
        size = number(name)
        if type(default) is int and size and size.isdecimal() and default > int(size) > 0:
            written.append(f"{name}={size}")
        elif default is None and name.endswith("_config"):  # of a part, given as its values
            written.append(f"{name}={_PART}")
        elif isinstance(default, (list, tuple)) and "depth" in name and all(type(d) is int for d in default):
            written.append(f"{name}={[1] * len(default)}")
    return ", ".join(written)


def _defaults(cls: type) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(cls):
        yield from ((f.name, f.default) for f in dataclasses.fields(cls) if f.init)
        return
    parameters = inspect.signature(cls).parameters.values()
    yield from ((p.name, p.default) for p in parameters)


def _built(cls: type, given: str) -> object:
    """An instance; None where that fails."""
    try:
        built: object = eval(f"cls({given})", {"cls": cls})
    except Exception:
        return None
    return built
