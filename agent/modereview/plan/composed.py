"""What hydra would hand to a script's main function: the project's yaml files, put together by defaults.

It is done here, so that a script is run the same way whether hydra is installed or not. Of hydra's own
directives (launchers, sweeps, its folders) nothing is kept; what only a command line says has a small value.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no types

from modereview.plan.probe.sizes import number

_LARGEST = 2**16  # bytes of a file
_LONGEST = 6000  # characters of what is typed into a test
_DEPTH = 6  # files that name files
_SAID = re.compile(r"\$\{([\w.]+)\}")
_ASKED = re.compile(r"\$\{[^{}]*\}")
_GLOBAL = re.compile(r"^#\s*@package\s+(_global_)", re.MULTILINE)
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")  # of hydra, where yaml has a text
_OWN = ("hydra", "override ")
_FOLDER = re.compile(r"dir|path|folder|root|file", re.IGNORECASE)

Values = dict[str, Any]


def composed(tree: ast.Module, script: Path, root: Path) -> tuple[str, str] | None:
    """(the call of the main function, the same with its configuration); None where hydra starts nothing."""
    for function in (n for n in tree.body if isinstance(n, ast.FunctionDef)):
        starts = (d for d in function.decorator_list if isinstance(d, ast.Call))
        told = next((d for d in starts if ast.unparse(d.func).endswith("hydra.main")), None)
        if told is None:
            continue
        given = {k.arg: k.value.value for k in told.keywords if isinstance(k.value, ast.Constant)}
        folder = script.parent / str(given.get("config_path") or "")
        try:
            values = _file(folder, str(given.get("config_name") or ""), root)
            code = f"{function.name}(Options({_told(values, values, [_LONGEST])!r}))"
        except (RecursionError, _TooMuch):  # a few lines of yaml may hold themselves, or millions of values
            return None
        return (f"{function.name}()", code) if values and len(code) <= _LONGEST else None
    return None


class _TooMuch(Exception):
    """There are more values than a test would hold."""


def _file(folder: Path, name: str, root: Path, depth: int = 0) -> Values:
    """The values of a file and of those that it names in its list of defaults; none where it is not there."""
    path = Path(f"{folder / name.removesuffix('.yaml')}.yaml").resolve()
    inside = root.resolve() in path.parents and path.is_file() and path.stat().st_size <= _LARGEST
    if depth == _DEPTH or not inside:
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        own = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return {}
    own = own if isinstance(own, dict) else {}
    merged: Values = {}
    defaults = own.pop("defaults", [])
    for entry in [*(defaults if isinstance(defaults, list) else []), "_self_"]:
        for group, option, place in _named(entry):
            there = path.parent / group if group else path.parent
            part = _file(there if there.is_dir() else folder / group, option, root, depth + 1)
            merged = _merged(merged, part if part.pop("", None) else _placed(place, part))
        if entry == "_self_":
            merged = _merged(merged, own)
            own = {}
    return {**merged, **({"": True} if depth and _GLOBAL.search(text) else {})}


def _named(entry: object) -> Iterator[tuple[str, str, str]]:
    """(group, option, where its values are put) of each file that an entry of a list of defaults names."""
    if isinstance(entry, str):
        if entry != "_self_" and not entry.startswith(_OWN):
            group, _, option = entry.strip("/").rpartition("/")
            yield group, option.partition("@")[0], group.replace("/", ".")
        return
    for key, options in entry.items() if isinstance(entry, dict) else ():
        group, _, place = str(key).removeprefix("optional ").strip("/").partition("@")
        for option in options if isinstance(options, list) else [options]:
            if isinstance(option, str) and not str(key).startswith(_OWN):
                yield group, option, place.replace("_global_", "") if place else group.replace("/", ".")


def _placed(place: str, values: Values) -> Values:
    for name in reversed(place.split(".") if place else []):
        values = {name: values}
    return values


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Values:
    both = {k: _merged(one[k], v) for k, v in other.items() if _holds(v) and _holds(one.get(k))}
    return {**one, **other, **both}


def _holds(value: object) -> bool:
    return isinstance(value, dict)


def _told(value: Any, whole: Values, left: list[int], name: str = "", depth: int = 0) -> Any:
    """A value as the script reads it: references looked up, what a command line would say guessed by name.

    `left` counts how many values there may still be. Raises _TooMuch.
    """
    left[0] -= 1
    if left[0] < 0:
        raise _TooMuch
    if isinstance(value, dict):
        inner = {k: v for k, v in value.items() if depth or k not in ("hydra", "defaults")}
        return {str(k): _told(v, whole, left, str(k), depth + 1) for k, v in inner.items()}
    if isinstance(value, list):
        return [_told(v, whole, left, name, depth + 1) for v in value]
    if value == "???":
        return "." if _FOLDER.search(name) else ast.literal_eval(_plain(number(name)))
    if isinstance(value, str):
        return _text(value, whole, left, name, depth)
    return value if isinstance(value, (int, float, bool, type(None))) else str(value)


def _text(value: str, whole: Values, left: list[int], name: str, depth: int) -> Any:
    if _NUMBER.fullmatch(value):
        return float(value)
    if value.startswith("cuda"):
        return "cpu"
    if depth > 4 * _DEPTH:
        return "."

    def found(path: str) -> Any:
        return _told(_found(whole, path), whole, left, name, depth + _DEPTH)

    if reference := _SAID.fullmatch(value):
        return found(reference.group(1))
    return _ASKED.sub(".", _SAID.sub(lambda said: str(found(said.group(1))), value))


def _plain(code: str | None) -> str:
    """Code of a plain value; 1 where it is none."""
    return code if code and re.fullmatch(r"[\d.]+|'\w+'|True|False", code) else "1"


def _found(whole: Any, path: str) -> Any:
    """What a dotted reference leads to; "." where to nothing."""
    for name in path.split("."):
        whole = whole.get(name, ".") if isinstance(whole, dict) else "."
    return whole
