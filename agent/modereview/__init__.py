"""modereview: finds train()/eval() faults in PyTorch scripts, proves them with tests, and mends them.

The public API is loaded when it is first used, so that `import modereview` costs nothing:
`review_all(Settings(paths=(Path("train.py"),)), print)` gives one `Review` a file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modereview.errors import InputError, ToolError
    from modereview.records import Finding, Review, Severity, Verdict
    from modereview.review import review_all
    from modereview.settings import Settings

_HOMES = {
    "Finding": "records",
    "InputError": "errors",
    "Review": "records",
    "Settings": "settings",
    "Severity": "records",
    "ToolError": "errors",
    "Verdict": "records",
    "review_all": "review",
}

__all__ = [
    "Finding",
    "InputError",
    "Review",
    "Settings",
    "Severity",
    "ToolError",
    "Verdict",
    "review_all",
    "version",
]


def version() -> str:
    """The installed version; "unknown" when run from sources that were never installed."""
    from importlib import metadata

    try:
        return metadata.version("modereview")
    except metadata.PackageNotFoundError:
        return "unknown"


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'modereview' has no attribute {name!r}")
    return getattr(import_module(f"modereview.{_HOMES[name]}"), name)
