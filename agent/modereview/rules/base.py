"""What a rule is, and what most rules need to say a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from modereview.analyze import ir
from modereview.analyze.torchfacts import says_deliberate, says_it_draws
from modereview.records import Edit, Event, Finding, Fix, Forward, Program, Severity, Source, Span


def no_fix(program: Program, finding: Finding) -> Iterable[Fix]:
    """For rules that explain and do not mend."""
    return ()


@dataclass(frozen=True)
class Rule:
    """A rule of the catalogue. `bad` and `good` are whole small files, and tests by themselves."""

    id: str
    name: str
    severity: Severity  # the highest it gives; a finding may be less certain
    summary: str  # one line
    why: str  # why it matters
    source: str  # a documentation page or a public thread
    bad: str
    good: str
    not_flagged: str  # what looks like it and is right
    fix: str  # how it is mended, or why it is not
    check: Callable[[Program], Iterable[Finding]]
    mend: Callable[[Program, Finding], Iterable[Fix]] = no_fix  # candidates, the best first
    safe: bool = True
    mends_notes: bool = (
        False  # whether all its notes say what is harmless, not what is meant: they get a fix, too
    )

    def mends(self, finding: Finding) -> bool:
        """Whether a finding of the rule gets a fix, or at least the offer of one."""
        return finding.severity is not Severity.NOTE or self.mends_notes or finding.unsettled

    def finding(
        self,
        program: Program,
        span: Span,
        message: str,
        *,
        severity: Severity | None = None,
        evidence: tuple[Event, ...] = (),
        facts: tuple[str, ...] = (),
        function: str = "",
        subject: str = "",
        excused: bool = False,
        unsettled: bool = False,
    ) -> Finding:
        """A finding of this rule at a span."""
        return Finding(
            self.id,
            self.name,
            severity or self.severity,
            message,
            program.source.name,
            span,
            evidence,
            facts,
            function,
            subject,
            program.source.lines[span.line - 1].strip(),
            excused=excused,
            unsettled=unsettled,
        )


def certainty(forward: Forward, *, certain: bool) -> Severity:
    """Error where a mode-sensitive layer is known, warning where one is likely out of view, else a note."""
    if forward.sensitive:
        return Severity.ERROR if certain and forward.exact else Severity.WARNING
    shown = forward.network or forward.role == "train"
    return Severity.WARNING if may_mind(forward) and shown else Severity.NOTE


def may_mind(forward: Forward) -> bool:
    """Whether a layer out of view may depend on the mode: unless the project shows that none does."""
    return forward.opaque and forward.suspected != ""


def deliberate(program: Program, forward: Forward) -> bool:
    """Whether a name, a docstring or a comment at the forward or its switch says that the mode is meant."""
    functions = (*forward.through, forward.function)
    said = (text for name in functions for text in _docstrings(program, name))
    if any(map(says_deliberate, functions)) or any(map(says_it_draws, said)):
        return True
    places = [forward.span] + ([forward.switch] if forward.switch else [])
    return any(says_deliberate(comment_at(program, place.line)) for place in places)


def _docstrings(program: Program, function: str) -> Iterator[str]:
    """Of the function, and of the class that it is a method of."""
    if program.names is None:
        return
    known = program.names.functions.get(function)
    owner = program.names.classes.get(function.rpartition(".")[0])
    for body in (known.body if known else (), owner.body if owner else ()):
        match body[:1]:
            case (ir.Do(ir.Const(str() as text)),):
                yield text


def comment_at(program: Program, line: int) -> str:
    """The comment on a line and the comment lines directly above it."""
    lines = program.source.lines
    found = [lines[line - 1].partition("#")[2]]
    above = line - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        found.append(lines[above])
        above -= 1
    return " ".join(found)


def holds(forward: Forward) -> str:
    """What the model is known to hold that depends on its mode, or that nothing is known."""
    if forward.sensitive:
        *first, last = forward.sensitive
        return f"`{forward.model}` holds {', '.join(first) + ' and ' if first else ''}{last}"
    if forward.opaque:
        maker = (
            f"what `{forward.made_by.rpartition('.')[2]}` makes"
            if forward.made_by
            else f"what `{forward.model}` is built of"
        )
        return f"{maker} is not in view: {_likely(forward)}"
    return f"`{forward.model}` holds no layer that depends on the mode: no harm today, a trap for tomorrow"


def _likely(forward: Forward) -> str:
    if forward.suspected == "":
        return "nothing in the project names a layer of it that depends on the mode"
    known = f", but {forward.suspected}" if forward.suspected else ""
    return f"whether a layer of it depends on the mode is not known{known}"


def harm(forward: Forward, *, training: bool) -> str:
    """What the wrong mode does to the layers that are known."""
    kinds = " ".join(forward.sensitive)
    norms, drops = "Norm" in kinds, "rop" in kinds or "training" in kinds
    if training:
        parts = ["statistics stop moving"] * norms + ["nothing is dropped"] * drops
    else:
        parts = ["statistics of each batch are used, and moved"] * norms + ["activations are dropped"] * drops
    return f"{holds(forward)}: {', '.join(parts)}" if parts else holds(forward)


def fix(
    source: Source, finding: Finding, title: str, *changes: Edit, consequence: str = "", safe: bool = True
) -> Fix:
    """A fix, with the line in the mended file where a reader should look: that of its last edit.

    What only indents is none to look at.
    """
    last = max(c for c in changes if c.replacement.strip() or c.end > c.start)
    before = sum(
        len(e.replacement) - (e.end - e.start) for e in changes if e.end <= last.start and e is not last
    )
    shown = len(last.replacement) - len(last.replacement.lstrip())
    mended = source.text
    for change in sorted(changes, reverse=True):
        mended = mended[: change.start] + change.replacement + mended[change.end :]
    line = len(re.findall(r"\r\n|\r|\n", mended[: last.start + before + shown])) + 1
    return Fix(finding, title, changes, line, safe, consequence)
