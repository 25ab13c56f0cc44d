"""The last room: Review -> text, JSON, SARIF.

A format is one file in `formats/` with a function `render`; its file name is the name the user gives.
Nothing here decides what was proved: every sentence goes by `Verdict.state` and by what was written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pkgutil import iter_modules

from modereview.records import Review
from modereview.report import formats as _formats
from modereview.report.options import Options

__all__ = ["Options", "formats", "render"]

Renderer = Callable[[Sequence[Review], Options], str]


def formats() -> tuple[str, ...]:
    """The names of all formats, sorted."""
    return tuple(sorted(module.name for module in iter_modules(_formats.__path__)))


def render(name: str, reviews: Sequence[Review], options: Options | None = None) -> str:
    """The report in the format of that name, ending in a newline unless it is empty."""
    renderer: Renderer = import_module(f"{_formats.__name__}.{name}").render
    return renderer(reviews, options or Options())
