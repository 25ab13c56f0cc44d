"""Why proposals were dropped, alike reasons counted together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

# Names and texts tell one drop from the next, not one reason from another.
_PARTICULAR = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"")


def counted(reasons: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Each kind of reason, and how often it was met; the most frequent first."""
    return tuple(Counter(map(kind, reasons)).most_common())


def kind(reason: str) -> str:
    """What a reason says of more than one drop. Of a chain of repairs, how it ended."""
    last = reason.rpartition("; ")[2].removeprefix("its repair: ")
    return _PARTICULAR.sub("...", " ".join(last.split()))
