"""What a report is told beside the reviews."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How to show reviews, and what happened around them."""

    color: bool = False  # escape codes for colours: only ever for a terminal
    width: int = 120  # cells of a source line that are shown before it is cut
    quiet: bool = False  # findings only, no summary
    verbose: bool = False  # everything that is otherwise counted is listed
    writes: bool = True  # False for runs that never write: --static, --check, --diff
    seconds: float | None = None  # of the whole run, where files were looked at side by side
    refused: tuple[str, ...] = ()  # sentences: files that could not be reviewed, and why
