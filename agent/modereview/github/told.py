"""The handover: what the job that reviews leaves for the job that speaks.

Code of the pull request ran beside the reviewing job, so whoever reads a handover takes it for something that
a stranger wrote. Every field has its shape and its limit here, and `handover.read` refuses the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import ConfigDict, Field, StringConstraints

_STRICT = ConfigDict(strict=True, extra="forbid")

Sha: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Fingerprint: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Rule: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{3}$")]
RuleName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]
Path: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=4096)
]  # from the repository's top
Words: TypeAlias = Annotated[str, StringConstraints(max_length=2_000)]
Code: TypeAlias = Annotated[str, StringConstraints(max_length=16_000)]
Content: TypeAlias = Annotated[str, StringConstraints(max_length=1_000_000)]
Line: TypeAlias = Annotated[int, Field(ge=1, le=10_000_000)]
Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES = ("error", "warning", "note")  # the gravest first
State: TypeAlias = Literal["fixed", "suggested", "proved", "reported"]


@dataclass(frozen=True)
class Stretch:
    """Lines of the file, the first and the last of them included."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    first: Line
    last: Line


# The functions and classes around a line, the innermost first; of the top level the statements around it.
Within: TypeAlias = Annotated[tuple[Stretch, ...], Field(max_length=4)]


@dataclass(frozen=True)
class Step:
    """One link of the chain that leads to a finding."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    line: Line
    text: Words
    within: Within = ()


@dataclass(frozen=True)
class Suggestion:
    """Lines of the file as it is, and what a proved fix puts in their place: whole lines, or "" for none."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    first: Line
    last: Line
    text: Code


@dataclass(frozen=True)
class Told:
    """A finding as the bot tells it. Lines are those of the file in the repository."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rule: Rule
    name: RuleName
    severity: Severity
    message: Words
    path: Path
    first: Line
    last: Line
    fingerprint: Fingerprint
    state: State
    known: bool  # whether the base has it, too
    within: Within = ()
    cell: Words = ""  # of a notebook: "cell 3, line 5"
    evidence: Annotated[tuple[Step, ...], Field(max_length=30)] = ()
    facts: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    proved_by: Annotated[tuple[Words, ...], Field(max_length=50)] = ()
    test: Code = ""  # the source of a test that fails with the fault
    title: Words = ""  # what the fix does
    consequence: Words = ""
    patch: Code = ""  # the fix as a unified diff of one file, header left out
    suggestion: Suggestion | None = None  # the same, where it is proved and one stretch of lines


@dataclass(frozen=True)
class Change:
    """The new content of a file: one that was mended, or one of tests."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    path: Path
    content: Content
    executable: bool = False


@dataclass(frozen=True)
class Handover:
    """Everything that the posting job is told."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    version: Literal[1]
    head: Sha
    base: Sha  # where the pull request's branch left its target
    reviewed: Annotated[tuple[Path, ...], Field(max_length=3_000)]  # files that were read to their end
    findings: Annotated[tuple[Told, ...], Field(max_length=2_000)] = ()
    notes: Annotated[tuple[Words, ...], Field(max_length=200)] = ()  # sentences about the review as a whole
    not_run: Annotated[
        tuple[Words, ...], Field(max_length=200)
    ] = ()  # sentences: what no test reached, and why
    silenced: Annotated[int, Field(ge=0, le=10_000_000)] = 0  # findings that comments in the files take back
    mended: Annotated[tuple[Change, ...], Field(max_length=300)] = ()
    tests: Annotated[tuple[Change, ...], Field(max_length=300)] = ()
