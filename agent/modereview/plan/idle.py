"""Rates that are 0: a model that drops nothing looks the same in both modes, and no test sees its faults."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
_RATE = "0.5"
_NAME = re.compile(r"drop", re.IGNORECASE)
_NOTHING = re.compile(r"0+(\.0*)?|\.0+")


def is_idle(name: str, code: str | None) -> bool:
    """Whether an argument is a dropout's rate, and 0."""
    return _NAME.search(name) is not None and _NOTHING.fullmatch(code or "") is not None


def dropping(way: Json) -> Json | None:
    """The same way to build a model, with rates that are 0 raised; None where there are none."""
    arguments = [_raised(a) if is_idle(a["name"], a["code"]) else a for a in way["arguments"]]
    return {**way, "arguments": arguments} if arguments != way["arguments"] else None


def _raised(argument: Json) -> Json:
    said = f"{_RATE} for `{argument['name']}`, which is 0: what drops nothing shows no mode"
    return {**argument, "code": _RATE, "said": said}
