"""Starts the server under a package name of its own, so that nothing here shadows a module of the user's."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

NAME = "modereview_inside"


def boot(descriptor: int) -> None:
    """Load this folder as the package `NAME` and serve on the socket `descriptor`."""
    here = Path(__file__).parent
    sys.path[:] = [entry for entry in sys.path if Path(entry) != here]
    locations = [str(here)]
    spec = importlib.util.spec_from_file_location(
        NAME, here / "__init__.py", submodule_search_locations=locations
    )
    assert spec is not None and spec.loader is not None
    sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[NAME])
    importlib.import_module(f"{NAME}.server").main(descriptor)


if __name__ == "__main__":
    boot(int(sys.argv[1]))
