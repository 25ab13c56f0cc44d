"""What a report is told beside the reviews."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """How to show reviews, and what happened around them."""

    color: bool = False  # escape codes for colours: only ever for a terminal
    width: int = 120  # cells of a source line that are shown before it is cut
    quiet: bool = False  # findings only, no summary
    verbose: bool = False  # everything that is otherwise counted is listed
    writes: bool = True  # False for runs that never write: --static, --check, --diff
    refused: tuple[str, ...] = ()  # sentences: files that could not be reviewed, and why
    seconds: float | None = None  # how long the whole run took; None for the sum over its files
    base: Path | None = None  # the folder that hosts count paths from; None for each file's project
