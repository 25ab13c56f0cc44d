"""Constructor calls: what the file passes, then defaults, then small numbers for what comes from data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .configs import configured
from .sizes import namespace, number, typed

_FILLS = ("7", "16", "3")  # what all other unknowns are, one trial each
_OF_VALUES = {"shape", "size", "items", "keys", "append", "lower", "parameters", "to", "device", "dtype"}
_LAYERS = {"maker": "nn.Identity", "layer": "nn.Identity()"}  # by when they are called
GIVEN = "given in pyproject.toml"
CAPTURED = "as in a run of the script"
_CHANNELS = re.compile(r"channels|in_?ch|^nc$")


@dataclass(frozen=True)
class Build:
    """An expression that builds a model, and where its numbers come from."""

    code: str
    why: str


def builds(subject: dict[str, Any], script: object = None) -> Iterator[Build]:
    """Ways to build a subject, the file's own first, without repetition."""
    if "code" in subject:
        yield Build(subject["code"], f"as at line {subject['line']}")
        return
    if subject.get("args") is not None:
        yield Build(f"{subject['callee']}({subject['args']})", GIVEN)
        return
    captured = subject.get("captured") or {}
    if captured.get("args") is not None:
        yield Build(f"{subject['callee']}({captured['args']})", CAPTURED)
    seen = set()
    for way, configs in ((w, c) for w in subject["builds"] for c in _configs(w, script)):
        for fill in _FILLS:
            build = _filled(subject["callee"], way, fill, configs)
            if build.code not in seen:
                seen.add(build.code)
                yield build


def _configs(way: dict[str, Any], script: object) -> Iterator[dict[str, str]]:
    """For the arguments that are configurations, an expression by name: small, as by default, none."""
    unknown = [a for a in way["arguments"] if a["code"] is None]
    each = {a["name"]: list(configured(a["configs"], script, a["attributes"])) for a in unknown}
    for place in range(max(map(len, each.values()), default=0)):
        yield {name: codes[min(place, len(codes) - 1)] for name, codes in each.items() if codes}
    yield {}


def _filled(callee: str, way: dict[str, Any], fill: str, configs: dict[str, str]) -> Build:
    written, unknown = [], []
    for argument in way["arguments"]:
        code = argument["code"] or configs.get(argument["name"])
        if code is None:
            code = _unknown(argument, fill)
            size = "small sizes" if code.startswith(("[", "types.")) else code
            unknown.append(f"{size} for `{argument['name']}`, which the file does not tell")
        elif argument.get("said"):
            unknown.append(argument["said"])
        written.append(f"{argument['name']}={code}" if argument["keyword"] else code)
    place = f"arguments as at line {way['line']}" if way["line"] else "" if written else "defaults"
    return Build(f"{callee}({', '.join(written)})", "; ".join(filter(None, [place, *unknown])))


def _unknown(argument: dict[str, Any], fill: str) -> str:
    """What may be an argument that the file does not tell: another layer, an object, a small size."""
    if argument["called"]:
        usual = number(argument["name"]) or ""
        usual = usual.removesuffix("()") if argument["called"] == "maker" else usual
        fits = usual.startswith("nn.") and usual.endswith("()") == (argument["called"] == "layer")
        return usual if fits else _LAYERS[argument["called"]]
    known = _object(argument["attributes"], fill) or typed(argument["annotation"], fill)
    return known or _stand_in(argument["name"], fill)


def _stand_in(name: str, fill: str) -> str:
    if fill != _FILLS[0] and _CHANNELS.search(name):
        return fill
    return number(name) or fill


def _object(attributes: dict[str, str | None], fill: str) -> str | None:
    """A namespace, where the constructor reads attributes of its argument: `config.n_embd`."""
    if not attributes or attributes.keys() & _OF_VALUES:
        return None
    return namespace(
        {name: code or _stand_in(name.rpartition(".")[2], fill) for name, code in attributes.items()}
    )
