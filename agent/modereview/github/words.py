"""The comment about one finding, and the word that replaces it once the finding is gone."""

from __future__ import annotations

from modereview.github import markers
from modereview.github.anchor import Anchor
from modereview.github.escape import block, code, folded, prose
from modereview.github.told import Told
from modereview.report.words import amount, listed, sentence, sentences

_CASES = 2  # tests named in a sentence
_STEPS = 10  # links of the chain of evidence that are shown
_LONGEST = 65_000  # characters; GitHub refuses a comment of more than 65,536
_TOO_LONG = "The rest is too long for a comment: the job's artifacts hold it."


def comment(told: Told, anchor: Anchor) -> str:
    """What is wrong, the evidence, what follows, and the fix: to click where GitHub can apply it."""
    head = f"{markers.finding(told.fingerprint)}\n{_headline(told, anchor)}"
    why = [_evidence(told), " ".join(sentences(*_facts(told), *_outcome(told)))]
    fix = [_fix(told, anchor)]
    test = [folded("The test that fails without a fix", block(told.test, "python"))] if told.test else []
    return fit([head, *why, *fix, *test], [head, *why, *fix], [head, *why, _TOO_LONG], [head, _TOO_LONG])


def gone(told_before: str, fingerprint: str, head: str) -> str:
    """The comment of a finding that went away: a word, and what it said before, folded."""
    _, _, before = told_before.partition("\n")
    word = f"{markers.finding(fingerprint, gone=True)}\n**Resolved**: no longer found at {head[:12]}."
    # A suggestion that stayed in the fold could still be clicked.
    before = before.replace("```suggestion", "```python")
    return fit([word, folded("What it said", before)], [word])


def fit(*variants: list[str]) -> str:
    """The first of these lists of paragraphs that GitHub takes; of the last one as much as it takes."""
    bodies = ["\n\n".join(part for part in parts if part) for parts in variants]
    return next((body for body in bodies if len(body) <= _LONGEST), bodies[-1][:_LONGEST])


def place(told: Told) -> str:
    """`train.py:34`, for findings that have no comment at their line."""
    return code(f"{told.path}:{told.first}") + (f" ({prose(told.cell)})" if told.cell else "")


def title(told: Told) -> str:
    """The rule, its name and its sentence."""
    return f"**{told.rule} {told.name}** ({told.severity}): {sentence(prose(told.message))}"


def _headline(told: Told, anchor: Anchor) -> str:
    here = anchor.first <= told.first <= anchor.last
    cell = f"{prose(told.cell)}: " if told.cell else ""
    return f"{cell}{title(told)}" if here else f"{cell}{title(told)} The fault lies at line {told.first}."


def _evidence(told: Told) -> str:
    steps = [f"{n}. line {step.line}: {prose(step.text)}" for n, step in enumerate(told.evidence[:_STEPS], 1)]
    return "\n".join(steps)


def _facts(told: Told) -> tuple[str, ...]:
    return tuple(map(prose, told.facts))


def _outcome(told: Told) -> tuple[str, ...]:
    """What the tests showed and what the fix does. "Proved" is said of what was run alone."""
    cases = listed([code(case) for case in told.proved_by], _CASES) if told.proved_by else ""
    one = len(told.proved_by) == 1
    does = prose(told.title)
    then = prose(told.consequence)
    if told.state == "fixed":
        return (
            f"Proved: {cases} {'fails' if one else 'fail'} here and "
            f"{'passes' if one else 'pass'} with this fix: {does}",
            then,
        )
    shown = (f"{cases} {'fails' if one else 'fail'} on this code",) if cases else ()
    return (*shown, f"A possible fix, not proved: {does}", then) if does else shown


def _fix(told: Told, anchor: Anchor) -> str:
    if anchor.suggests and told.suggestion:
        return block(told.suggestion.text, "suggestion")
    if not told.patch:
        return ""
    name = "The fix as a patch" if told.state == "fixed" else "The possible fix"
    return folded(name, block(told.patch, "diff"))


def counted(errors: int, warnings: int) -> str:
    """`2 errors and 1 warning`; "" for none."""
    counts = ((errors, "error"), (warnings, "warning"))
    parts = [amount(number, noun) for number, noun in counts if number]
    return listed(parts) if parts else ""
