"""The files that the named paths mean: one bad path among several does not stop the others."""

from __future__ import annotations

from dataclasses import replace

from modereview.errors import InputError
from modereview.parse import collect
from modereview.settings import Settings


def files_of(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings with every file by itself, and a sentence for each path that leads to none."""
    refused: list[str] = []
    found = []
    for path in settings.paths:
        try:
            found += collect([path])
        except InputError as error:
            refused.append(str(error))
    return replace(settings, paths=tuple(dict.fromkeys(found))), tuple(refused)
