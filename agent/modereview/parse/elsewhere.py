"""Who else in a project calls a function of a file, or makes what it works on: told by the text.

Files are not parsed. Where one of them switches some model to EVAL, it may see to the mode; where none of
those that call a function does, nobody in the project sees to it.
Tests do not count: what they call runs for others, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from modereview.parse.layered import derives_from_module, has_all, layered
from modereview.parse.project import files, state, text_of
from modereview.records import Source

__all__ = [
    "caller",
    "careless_caller",
    "derives_from_module",
    "has_all",
    "layered",
    "maker",
    "never_switches",
    "state",
]

_SWITCHES = re.compile(rb"\.(?:set_(?:to_)?)?eval(?:_mode)?\s*\(|\.train\s*\(\s*(mode\s*=\s*)?False")
# Models of transformers and kin come in EVAL so; what else is loaded by that name has no mode.
_COMES_IN_EVAL = re.compile(rb"(?<!okenizer)(?<!onfig)(?<!rocessor)(?<!xtractor)\.from_pretrained\s*\(")
# Who calls such a function is handed a model, in the mode that it comes in there.
_MAKES = re.compile(
    rb"\b((?:load|build|create|make|get|init|restore|setup)_\w*"
    rb"(?:model|net|pretrained|checkpoint|backbone|encoder|weights|(?<=_)l?lm(?=_|\b))\w*)\s*\("
)


def caller(source: Source, function: str, *, inherits: bool = False) -> Path | None:
    """Another file that switches and calls a function ("evaluate") or method ("Engine.generate") of a file.

    It has to name the file, or the class, as well. Where the class `inherits`, whoever calls the method may
    know its base alone.
    """
    return _first(source, *_calls(source, function, inherits=inherits), _SWITCHES)


def careless_caller(source: Source, function: str) -> Path | None:
    """A file that calls a function of another, where no file that does switches anything to EVAL.

    Who calls a method has to build its object. Nor may one that does ask a file for its model which switches:
    `load_pretrained_model(name)`.
    """
    first: Path | None = None
    owner = function.rpartition(".")[0].encode()
    builds = re.compile(rb"\b%s\s*\(" % re.escape(owner) if owner else b"")  # a subclass only hands on
    for path, text in _matching(source, *_calls(source, function, inherits=False), builds):
        if _in_eval(text) or _asks_one_that_switches(source, text):
            return None
        first = first or path
    return first


def never_switches(source: Source) -> bool:
    """Whether the file, and every other of the project, switches nothing to EVAL."""
    return not _in_eval(source.raw) and _first(source, _SWITCHES) is None


def _in_eval(text: bytes) -> bool:
    return bool(_SWITCHES.search(text) or _COMES_IN_EVAL.search(text))


def _asks_one_that_switches(source: Source, text: bytes) -> bool:
    asked = b"|".join(sorted(set(_MAKES.findall(text))))
    if not asked:
        return False
    defined = re.compile(rb"(?m)^\s*def\s+(%s)\b" % asked)
    here = defined.search(source.raw) and _SWITCHES.search(source.raw)
    return bool(here or _first(source, defined, _SWITCHES))


def _calls(source: Source, function: str, *, inherits: bool) -> tuple[re.Pattern[bytes], ...]:
    """What is found in each file that calls a function, or hands it on: `partial(sample, G=G)`."""
    owner, _, name = function.rpartition(".")
    stem = source.path.stem if source.path.stem != "__init__" else source.path.parent.name
    named = re.compile(b"" if inherits else rb"\b%s\b" % re.escape((owner or stem).encode()))
    before = rb"\." if owner else rb"(?<!def )\b"
    called = named if name == "__call__" else re.compile(before + rb"%s\s*[(,)]" % re.escape(name.encode()))
    return named, called


def maker(source: Source, name: str) -> Path | None:
    """Another file that switches and defines a function or class ("nets.build_model", "Extractor")."""
    last = name.rpartition(".")[2].encode()
    return _first(source, re.compile(rb"(?m)^\s*(def|class)\s+%s\b" % re.escape(last)), _SWITCHES)


def _first(source: Source, *patterns: re.Pattern[bytes]) -> Path | None:
    """The first other file that each pattern is found in."""
    return next((path for path, _ in _matching(source, *patterns)), None)


def _matching(source: Source, *patterns: re.Pattern[bytes]) -> Iterator[tuple[Path, bytes]]:
    """The other files that each pattern is found in, with what they hold."""
    for path in (path for path in files(source.root) if path != source.path):
        text = text_of(path)
        if all(pattern.search(text) for pattern in patterns):
            yield path, text
