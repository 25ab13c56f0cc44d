"""Sets the server up: the imports that every child would otherwise pay for."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .messages import Settings


def warm(settings: Settings) -> None:
    """Import torch, pytest and the user's packages. Raises ImportError where the first two cannot be had."""
    sys.path += [entry for entry in settings["path"] if entry not in sys.path]
    import torch

    # a child of a parent that ran operators on several threads hangs in its first one
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    import torch._dynamo  # the first optimizer imports it, which takes as long as torch itself

    _import_pytest(settings)
    for name in settings["packages"]:
        _import_package(name, Path(settings["root"]))
    gc.collect()
    gc.freeze()  # or each child's first collection copies every page of the parent


def _import_pytest(settings: Settings) -> None:
    if importlib.util.find_spec("pytest") is None:
        borrowed = Path(settings["scratch"]) / "borrowed"
        borrowed.mkdir(parents=True)
        for source in settings["borrowed"]:
            (borrowed / Path(source).name).symlink_to(source)
        sys.path.append(str(borrowed))
        importlib.invalidate_caches()
    importlib.import_module("pytest")


def _import_package(name: str, root: Path) -> None:
    """Import a package of the user's environment, never a file of the project."""
    with contextlib.suppress(BaseException):  # what fails here fails again in the child, and is told there
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin and root not in Path(spec.origin).parents:
            importlib.import_module(name)
