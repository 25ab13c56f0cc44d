"""Fixes, what was proved of them, and the whole review."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from modereview.records.findings import Finding, Quiet
from modereview.records.plan import Recipe, Unreached
from modereview.records.suite import Dropped, Mutant, Outcome, Suite
from modereview.records.text import Edit, Source


@dataclass(frozen=True)
class Fix:
    """Edits that mend one finding, with a title a reviewer reads."""

    finding: Finding
    title: str  # "call `model.train()` at the start of each epoch"
    edits: tuple[Edit, ...]
    line: int  # where the reader should look, in the mended file
    safe: bool = True
    consequence: str = ""  # what changes: "training sees dropout again: expect other loss curves"


@dataclass(frozen=True)
class Verdict:
    """What became of one finding. Only the room `verify` makes it, and only it says "fixed"."""

    finding: Finding
    state: Literal["fixed", "unproved", "suggested", "proved", "reported"]
    # fixed: red before, green after, nothing else changed. unproved: a fix is made that no test proves, as
    # was asked for. suggested: a fix is known and could not be proved. proved: a test shows the fault, no
    # fix holds. reported: seen by the analysis alone.
    fix: Fix | None = None
    proved_by: tuple[str, ...] = ()  # cases that were red with the fault
    reason: str = ""  # why it is no more than it is


@dataclass(frozen=True)
class Usage:
    """What a language model was asked in this review, what it cost, and what that bought."""

    model: str = ""
    calls: int = 0
    cached: int = 0  # questions whose answer was known already
    stale: int = 0  # of those, how many a replay answers with what was said to other words
    tokens: int = 0
    cost: float | None = None  # US dollars; None where the prices are unknown
    recipes: int = 0  # targets that its recipes reached
    kept: int = 0  # tests of its own in the file
    fixes: int = 0  # mends of its own that were proved
    claims: int = 0  # what it claimed and a test showed
    dropped: int = 0
    drops: tuple[tuple[str, int], ...] = ()  # why, and how often, the most frequent first; all of `dropped`
    reasons: tuple[tuple[str, str], ...] = ()  # (what, why) of whatever was dropped and is no test
    error: str = ""
    unrecorded: bool = False  # the error is that a replay holds no answer to a question


@dataclass(frozen=True)
class Remark:
    """What a language model says of a line and no test bears out. A claim that one shows is a finding."""

    line: int
    contract: str  # the contract that would show it; "" where it disputes a finding
    text: str
    state: Literal["shown", "open"] = "open"
    # shown: a test of the contract fails there, and does not tell for which line, or whether it is meant.
    reason: str = ""  # why it is no more than a note
    disputes: str = ""  # the rule of the finding that it takes for wrong


@dataclass(frozen=True)
class Review:
    """Everything a report says of one file."""

    source: Source
    findings: tuple[Finding, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    suite: Suite | None = None
    tried: tuple[Dropped, ...] = ()  # tests that were not kept, where none was
    suite_text: str = ""  # the file as written, xfail marks included
    suite_before: bytes | None = None  # what its file held before; None where there was none
    outcomes: tuple[Outcome, ...] = ()  # of the written suite, on the mended file, by real pytest
    killed: tuple[Mutant, ...] = ()
    survived: tuple[Mutant, ...] = ()
    equivalent: tuple[Mutant, ...] = ()  # no test catches them, and no forward runs in another mode
    reached: tuple[Recipe, ...] = ()
    unreached: tuple[Unreached, ...] = ()
    not_run: tuple[str, ...] = ()  # sentences: what was not run and why
    warnings: tuple[str, ...] = ()  # sentences: "no bubblewrap: ..."
    mended: bytes | None = None  # the file's new content, where it changes
    written: tuple[Path, ...] = ()
    not_written: str = ""  # why what should have been written was not, a sentence
    usage: Usage = field(default_factory=Usage)
    remarks: tuple[Remark, ...] = ()  # of a language model, tested where that could be
    internal_errors: tuple[str, ...] = ()
    seconds: float = 0.0
    static: bool = False
