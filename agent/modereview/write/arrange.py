"""Recipes -> the functions that arrange a test: builders of models, and rounds of a scenario."""

from __future__ import annotations

import ast
import builtins
import sys
from textwrap import indent, wrap

from modereview.records import Drive, Recipe, Rehearsal, Role, Value
from modereview.write.naming import calls, listed

WIDTH = 88  # ruff's default line length
EVALUATING: frozenset[Role] = frozenset({"evaluate", "infer"})
RECORDED: frozenset[Role] = EVALUATING | {"train"}
# What recipes may name beyond modules of the standard library; `torch` and `nn` are always imported.
_KNOWN = {
    "F": "from torch.nn import functional as F",
    "MagicMock": "from unittest.mock import MagicMock",
    "Path": "from pathlib import Path",
    "SimpleNamespace": "from types import SimpleNamespace",
    "np": "import numpy as np",
    "unittest": "import unittest.mock",
}


def arrange(recipe: Recipe, name: str, script: str) -> str:
    """The function of that name; `script` is what docstrings call the user's file."""
    if recipe.rehearsal is not None:
        lines = _rehearsal(recipe.rehearsal, script)
    else:
        lines = _rounds(recipe) if recipe.drives else _build(recipe, script)
    watched = bool(recipe.drives) and recipe.rehearsal is None
    return f"def {name}({'watch' if watched else ''}):\n" + indent("\n".join(lines), "    ")


def recipe_imports(recipe: Recipe) -> set[str]:
    """The import lines that the expressions of a recipe need."""
    if recipe.rehearsal is not None:  # its codes are evaluated in the script
        return set()
    values = (*recipe.values, *recipe.patches)
    codes = [recipe.watch, *(value.code for value in values), *(drive.code for drive in recipe.drives)]
    free = set().union(*map(_read, codes)) - {value.name for value in recipe.values} - set(dir(builtins))
    modules = {name: f"import {name}" for name in sys.stdlib_module_names}
    return {line for name in free if (line := _KNOWN.get(name) or modules.get(name))}


def _build(recipe: Recipe, script: str) -> list[str]:
    purpose = f'"""A {recipe.target.name} as {script} builds it, and inputs that it takes."""'
    return [purpose, *_values(recipe, "model, inputs"), "return model, inputs"]


def _rehearsal(rehearsal: Rehearsal, script: str) -> list[str]:
    purpose = f'"""Every forward that the lines of {script} call in a short run on stand-ins."""'
    changes = [f"    {_entry(change)}" for change in rehearsal.changes]
    arguments = f", {list(rehearsal.arguments)!r}" if rehearsal.arguments else ""
    files = f", files={list(rehearsal.files)!r}" if rehearsal.files else ""
    most = f", most={rehearsal.most}" if rehearsal.most else ""
    return [purpose, "changes = {", *changes, "}", f"return rehearsed(changes{arguments}{files}{most})"]


def _entry(change: Value) -> str:
    """A line of the table of changes; a long expression is put together of pieces, its reason above it."""
    why = " ".join(change.why.split())
    pieces = wrap(
        change.code, WIDTH - 24, drop_whitespace=False, break_long_words=False, break_on_hyphens=False
    )
    code = repr(change.code) if "".join(pieces) != change.code else " ".join(map(repr, pieces))
    entry = f"{change.name!r}: {code if len(pieces) == 1 else f'({code})'},"
    return f"# {why}\n    {entry}" if why else entry


def _rounds(recipe: Recipe) -> list[str]:
    named = [*zip(calls(recipe), recipe.drives, strict=True)]
    recorded = [call for call, drive in named if drive.roles & RECORDED]
    purpose = f'"""What `watch` notes in three rounds of {listed(recorded)}, run on stand-ins."""'
    values = _values(recipe, recipe.watch, *(drive.code for drive in recipe.drives))
    drives = [indent(_drive(recipe, drive, call), "    ") for call, drive in named]
    return [purpose, *values, "noted = []", "for round_number in (1, 2, 3):", *drives, "return noted"]


def _drive(recipe: Recipe, drive: Drive, call: str) -> str:
    statement = _line(drive.code, f"as at line {drive.line}" if drive.line else "")
    if not drive.roles & RECORDED:
        return statement
    return f"with watch(noted, {recipe.watch}, {call!r}, round_number):\n{indent(statement, '    ')}"


def _values(recipe: Recipe, *ends: str) -> list[str]:
    """The lines that make what the code in `ends` reads; a search may have tried more values than that.

    A global of the script is set first; one that has the name of a value, behind that, for what comes after.
    """
    bound = {patch.name: _line(f"script.{patch.name} = {patch.code}", patch.why) for patch in recipe.patches}
    read, lines = set().union(*map(_read, [*ends, *(patch.code for patch in recipe.patches)])), list[str]()
    for value in reversed(recipe.values):
        if value.name in read:
            setting = [bound.pop(value.name)] if value.name in bound else []
            lines = [_line(f"{value.name} = {value.code}", value.why), *setting, *lines]
            read |= _read(value.code)
    return [*bound.values(), *lines]


def _read(code: str) -> set[str]:
    names = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Load)}


def _line(code: str, why: str) -> str:
    """A statement with the reason behind it, or above it where the line would be too long."""
    why = " ".join(why.split())
    if not why:
        return code
    if len(code) + len(why) + 20 <= WIDTH and "\n" not in code:
        return f"{code}  # {why}"
    return "\n".join([*(f"# {part}" for part in wrap(why, WIDTH - 20)), code])
