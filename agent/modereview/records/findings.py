"""What the rules say of a program."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from modereview.records.program import Event
from modereview.records.text import Span


class Severity(Enum):
    """How certain a finding is. A note never changes the exit code."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """A rule broken at a span, with its evidence: the chain of events that leads there."""

    rule: str  # "MR102"
    name: str  # "trains-in-eval-mode"
    severity: Severity
    message: str
    source_name: str  # Source.name
    span: Span
    evidence: tuple[Event, ...] = ()
    facts: tuple[str, ...] = ()  # "`model` holds BatchNorm1d and Dropout: statistics stop moving"
    function: str = ""  # qualified name of the function it lies in
    subject: str = ""  # the expression it is about, as written: "model", "self.net"
    line_text: str = ""  # the stripped source line: identity survives moved lines
    index: int = 0  # tells apart equal findings on equal lines
    excused: bool = False  # a note, as something speaks for the code as it is
    unsettled: bool = False  # a note, as somebody out of view may see to it: its fix is offered to who knows
    claimed_by: str = ""  # the language model that claimed what a test then showed; "" for the analysis

    @property
    def fingerprint(self) -> str:
        """Identity that does not move with line numbers; baseline, SARIF and bot share it."""
        parts = (self.rule, self.source_name, self.function, self.subject, self.line_text, str(self.index))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Quiet:
    """A finding that is not reported: a comment in the file takes it back, or the baseline knows it."""

    finding: Finding
    by: Literal["comment", "baseline"]
    reason: str = ""  # what the comment says
