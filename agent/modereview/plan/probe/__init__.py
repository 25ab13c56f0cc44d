"""The search for recipes, as it runs inside the sandbox: standard library and torch only, JSON in and out.

The parts are joined into one source text, because the sandbox cannot import this package. They import each
other relatively, so the same files serve here (tests, type checker) and there.
"""

from __future__ import annotations

import json
from importlib import resources

# In import order: a part knows those before it.
PARTS = (
    "limits",
    "absent",
    "machine",
    "guesses",
    "repair",
    "inputs",
    "sizes",
    "configs",
    "build",
    "targets",
    "standins",
    "watch",
    "anyone",
    "statements",
    "refusing",
    "drives",
    "choices",
    "messages",
    "losses",
    "typing_in",
    "changes",
    "capture",
    "attempt",
    "missing",
    "repairs",
    "sooner",
    "worlds",
    "certain",
    "elsewhere",
    "rehearsal",
    "main",
)

_BUNDLE = """\
import sys, types

def _install(parts, package="modereview_probe"):
    sys.modules[package] = types.ModuleType(package)
    sys.modules[package].__path__ = []
    for name, text in parts:
        module = sys.modules[package + "." + name] = types.ModuleType(package + "." + name)
        module.__package__ = package
        exec(compile(text, name + ".py", "exec"), vars(module))
    return module.main

main = _install(PARTS)
"""


def probe_code() -> str:
    """The source that defines `main(request) -> dict`, for the sandbox to run."""
    folder = resources.files(__name__)
    parts = [(name, (folder / f"{name}.py").read_text(encoding="utf-8")) for name in PARTS]
    return f"PARTS = {json.dumps(parts)}\n{_BUNDLE}"
